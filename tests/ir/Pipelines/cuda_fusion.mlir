// SPDX-License-Identifier: Apache-2.0
// -lighthouse-cuda-fusion cuts attention's backward by what it gives; the row sums join scatter's adjoint.
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
// CHECK: lighthouse.kernel "invert"
// CHECK: lighthouse.kernel "scatter_backward_row_dot"
// CHECK: lighthouse.kernel "attend_backward_keys"
// CHECK: lighthouse.kernel "attend_backward_queries"
// CHECK: lighthouse.kernel "gather_backward_pool_backward"
// CHECK-NOT: lighthouse.kernel
