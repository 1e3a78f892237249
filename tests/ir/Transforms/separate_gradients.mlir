// SPDX-License-Identifier: Apache-2.0
// attend_backward of one part becomes three stages; each gives its gradients alone.
// RUN: lighthouse-opt %s -lighthouse-separate-gradients | FileCheck %s

!rows = tensor<1x4x100x16xbf16>
!keys = tensor<1x2x100x16xbf16>
// CHECK-LABEL: func.func @one_part
// CHECK-SAME: %[[Q:[^:]+]]: tensor<1x4x100x16xbf16>, %[[K:[^:]+]]: tensor<1x2x100x16xbf16>, %[[V:[^:]+]]: tensor<1x2x100x16xbf16>, %[[O:[^:]+]]: tensor<1x4x100x16xbf16>, %[[LSE:[^:]+]]: tensor<1x4x100xf32>, %[[DO:[^:]+]]: tensor<1x4x100x16xbf16>
// CHECK-NEXT: %[[DELTA:.+]] = lighthouse.row_dot %[[O]], %[[DO]]
// CHECK-NEXT: %[[DK:.+]], %[[DV:.+]] = lighthouse.attend_backward_keys %[[Q]], %[[K]], %[[V]], %[[LSE]], %[[DELTA]], %[[DO]] {scale = 2.500000e-01 : f32}
// CHECK-NEXT: %[[DQ:.+]] = lighthouse.attend_backward_queries %[[Q]], %[[K]], %[[V]], %[[LSE]], %[[DELTA]], %[[DO]] {scale = 2.500000e-01 : f32}
// CHECK-NEXT: return %[[DQ]], %[[DK]], %[[DV]]
func.func @one_part(%q: !rows, %k: !keys, %v: !keys, %o: !rows, %lse: tensor<1x4x100xf32>, %do: !rows) -> (tensor<1x4x100x16xf32>, tensor<1x2x100x16xf32>, tensor<1x2x100x16xf32>) {
  %0, %1, %2 = lighthouse.attend_backward %q, %k, %v, %o, %lse, %do {scale = 0.25 : f32} : !rows, !keys, !keys
  return %0, %1, %2 : tensor<1x4x100x16xf32>, tensor<1x2x100x16xf32>, tensor<1x2x100x16xf32>
}

// CHECK-LABEL: func.func @parts
// CHECK-NEXT: lighthouse.attend_backward {{.+}} {parts = 2 : i64
func.func @parts(%q: tensor<1x1x100x16xf32>, %lse: tensor<1x1x100xf32>) -> tensor<1x1x200x16xf32> {
  %0, %1, %2 = lighthouse.attend_backward %q, %q, %q, %q, %lse, %q {parts = 2 : i64, scale = 0.25 : f32}
      : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>
  return %0 : tensor<1x1x200x16xf32>
}
