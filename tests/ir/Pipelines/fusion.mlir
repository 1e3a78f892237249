// SPDX-License-Identifier: Apache-2.0
// -lighthouse-fusion inverts, splits and fuses: every stage is in a kernel after it.
// RUN: lighthouse compile --seq-len 8192 --head-dim 16 --num-levels 2 --pooling-factor 4 --topk 1024 -o %t
// RUN: lighthouse-opt %t -lighthouse-fusion | FileCheck %s

// CHECK-LABEL: func.func @forward(
// CHECK: lighthouse.kernel "pool_score"
// CHECK: lighthouse.kernel "select_invert"
// CHECK: lighthouse.kernel "gather"
// CHECK: lighthouse.kernel "attend"
// CHECK: lighthouse.kernel "scatter"
// CHECK-NOT: lighthouse.kernel
// CHECK-LABEL: func.func @backward(
// CHECK: lighthouse.kernel "invert"
// CHECK: lighthouse.kernel "scatter_backward"
// CHECK: lighthouse.kernel "attend_backward"
// CHECK: lighthouse.attend_backward {{.+}} {parts = 6 : i64,
// CHECK: lighthouse.kernel "sum_parts"
// CHECK: lighthouse.kernel "gather_backward_pool_backward"
// CHECK-NOT: lighthouse.kernel
