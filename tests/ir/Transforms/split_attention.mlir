// SPDX-License-Identifier: Apache-2.0
// Enough parts for `items` work items, none with fewer than 1,024 keys on average; their gradients of the queries are added up.
// RUN: lighthouse-opt %s -lighthouse-split-attention | FileCheck %s
// RUN: lighthouse-opt %s -lighthouse-split-attention="items=4" | FileCheck %s --check-prefix=FEW

!rows = tensor<1x2x8192x16xf32>
// CHECK-LABEL: func.func @long
// CHECK: %[[DQS:.+]], %[[DKS:.+]], %[[DVS:.+]] = lighthouse.attend_backward {{.+}} {parts = 4 : i64, scale = 2.500000e-01 : f32}
// CHECK-NEXT: %[[SUM:.+]] = lighthouse.sum_parts %[[DQS]] {parts = 4} : tensor<1x2x32768x16xf32>
// CHECK-NEXT: return %[[SUM]], %[[DKS]], %[[DVS]]
// FEW-LABEL: func.func @long
// FEW: lighthouse.sum_parts %{{.+}} {parts = 2} : tensor<1x2x16384x16xf32>
func.func @long(%q: !rows, %lse: tensor<1x2x8192xf32>) -> (!rows, !rows, !rows) {
  %0, %1, %2 = lighthouse.attend_backward %q, %q, %q, %q, %lse, %q {scale = 0.25 : f32} : !rows, !rows, !rows
  return %0, %1, %2 : !rows, !rows, !rows
}

// CHECK-LABEL: func.func @short
// CHECK-NOT: lighthouse.sum_parts
// CHECK-LABEL: func.func @many_heads
// CHECK-NOT: lighthouse.sum_parts
// CHECK-LABEL: func.func @split_already
// CHECK-NOT: lighthouse.sum_parts
!short = tensor<1x1x2047x16xf32>
func.func @short(%q: !short, %lse: tensor<1x1x2047xf32>) -> !short {
  %0, %1, %2 = lighthouse.attend_backward %q, %q, %q, %q, %lse, %q {scale = 0.25 : f32} : !short, !short, !short
  return %0 : !short
}

!many = tensor<4x8x8192x16xf32>
func.func @many_heads(%q: !many, %lse: tensor<4x8x8192xf32>) -> !many {
  %0, %1, %2 = lighthouse.attend_backward %q, %q, %q, %q, %lse, %q {scale = 0.25 : f32} : !many, !many, !many
  return %0 : !many
}

func.func @split_already(%q: !rows, %lse: tensor<1x2x8192xf32>) -> tensor<1x2x24576x16xf32> {
  %0, %1, %2 = lighthouse.attend_backward %q, %q, %q, %q, %lse, %q {parts = 3 : i64, scale = 0.25 : f32} : !rows, !rows, !rows
  return %0 : tensor<1x2x24576x16xf32>
}
