// SPDX-License-Identifier: Apache-2.0
// -lighthouse-cuda-fusion cuts attention's backward by what it gives; the row sums join scatter's adjoint. The inverse of the selection comes from forward, and the rows' gradients of keys and values are
// done with before those of queries are made.
// RUN: lighthouse compile --seq-len 8192 --head-dim 16 --num-levels 2 --pooling-factor 4 --topk 1024 -o %t
// RUN: lighthouse-opt %t -lighthouse-cuda-fusion | FileCheck %s

// CHECK-LABEL: func.func @forward(
// CHECK: lighthouse.kernel "pool_score"
// CHECK: lighthouse.kernel "select_invert"
// CHECK: lighthouse.kernel "gather"
// CHECK: lighthouse.kernel "attend"
// CHECK: lighthouse.kernel "scatter"
// CHECK-NOT: lighthouse.kernel
// CHECK-LABEL: func.func @backward(
// CHECK-SAME: %[[SLOTS:[^:, ]+]]: tensor<1x1x10240xi32, #pyramid> {lighthouse.name = "slots"})
// CHECK-NOT: lighthouse.kernel "invert"
// CHECK: lighthouse.kernel "scatter_backward_row_dot"
// CHECK: lighthouse.kernel "attend_backward_keys"
// CHECK: lighthouse.kernel "gather_backward_pool_backward_kv" reads({{.+}} = %[[SLOTS]])
// CHECK: lighthouse.kernel "attend_backward_queries"
// CHECK: lighthouse.kernel "gather_backward_pool_backward_q" reads({{.+}} = %[[SLOTS]])
// CHECK-NOT: lighthouse.kernel
