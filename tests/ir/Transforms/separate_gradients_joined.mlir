// SPDX-License-Identifier: Apache-2.0
// Up to a head size, and of 16-bit elements, one stage gives all gradients. Those of keys and values that are only returned have the keys' elements, where no query heads share them.
// RUN: lighthouse-opt %s -lighthouse-separate-gradients="joined=64" | FileCheck %s

!rows = tensor<1x4x100x64xbf16>
!keys = tensor<1x2x100x64xbf16>
// CHECK-LABEL: func.func @joined
// CHECK-SAME: %[[Q:[^:]+]]: tensor<1x4x100x64xbf16>, %[[K:[^:]+]]: tensor<1x2x100x64xbf16>, %[[V:[^:]+]]: tensor<1x2x100x64xbf16>, %[[O:[^:]+]]: tensor<1x4x100x64xbf16>, %[[LSE:[^:]+]]: tensor<1x4x100xf32>, %[[DO:[^:]+]]: tensor<1x4x100x64xbf16>
// CHECK-NEXT: %[[DELTA:.+]] = lighthouse.row_dot %[[O]], %[[DO]]
// CHECK-NEXT: %[[DQ:.+]], %[[DK:.+]], %[[DV:.+]] = lighthouse.attend_backward_joined %[[Q]], %[[K]], %[[V]], %[[LSE]], %[[DELTA]], %[[DO]] {scale = 2.500000e-01 : f32}
// CHECK-NEXT: return %[[DQ]], %[[DK]], %[[DV]] : tensor<1x4x100x64xf32>, tensor<1x2x100x64xf32>, tensor<1x2x100x64xf32>
func.func @joined(%q: !rows, %k: !keys, %v: !keys, %o: !rows, %lse: tensor<1x4x100xf32>, %do: !rows) -> (tensor<1x4x100x64xf32>, tensor<1x2x100x64xf32>, tensor<1x2x100x64xf32>) {
  %0, %1, %2 = lighthouse.attend_backward %q, %k, %v, %o, %lse, %do {scale = 0.25 : f32} : !rows, !keys, !keys
  return %0, %1, %2 : tensor<1x4x100x64xf32>, tensor<1x2x100x64xf32>, tensor<1x2x100x64xf32>
}

// CHECK-LABEL: func.func @returned
// CHECK: lighthouse.attend_backward_joined {{.+}} narrow {scale = 2.500000e-01 : f32}
// CHECK: return %{{.+}} : tensor<1x4x100x64xf32>, tensor<1x4x100x64xbf16>, tensor<1x4x100x64xbf16>
func.func @returned(%q: !rows, %lse: tensor<1x4x100xf32>) -> (tensor<1x4x100x64xf32>, tensor<1x4x100x64xf32>, tensor<1x4x100x64xf32>) {
  %0, %1, %2 = lighthouse.attend_backward %q, %q, %q, %q, %lse, %q {scale = 0.25 : f32} : !rows, !rows, !rows
  return %0, %1, %2 : tensor<1x4x100x64xf32>, tensor<1x4x100x64xf32>, tensor<1x4x100x64xf32>
}

// CHECK-LABEL: func.func @added
// CHECK: lighthouse.attend_backward_joined {{.+}} {scale = 2.500000e-01 : f32}
// CHECK: return %{{.+}} : tensor<1x2x100x64xf32>
func.func @added(%q: !rows, %k: !keys, %o: !rows, %lse: tensor<1x4x100xf32>) -> tensor<1x2x100x64xf32> {
  %0, %1, %2 = lighthouse.attend_backward %q, %k, %k, %o, %lse, %o {scale = 0.25 : f32} : !rows, !keys, !keys
  %3 = arith.addf %1, %2 : tensor<1x2x100x64xf32>
  return %3 : tensor<1x2x100x64xf32>
}

// CHECK-LABEL: func.func @wide
// CHECK-NOT: attend_backward_joined
// CHECK: lighthouse.attend_backward_keys
// CHECK: lighthouse.attend_backward_queries
func.func @wide(%q: tensor<1x1x100x72xf16>, %lse: tensor<1x1x100xf32>) -> tensor<1x1x100x72xf32> {
  %0, %1, %2 = lighthouse.attend_backward %q, %q, %q, %q, %lse, %q {scale = 0.25 : f32} : tensor<1x1x100x72xf16>, tensor<1x1x100x72xf16>, tensor<1x1x100x72xf16>
  return %0 : tensor<1x1x100x72xf32>
}

// CHECK-LABEL: func.func @float32
// CHECK-NOT: attend_backward_joined
// CHECK: lighthouse.attend_backward_keys
func.func @float32(%q: tensor<1x1x100x16xf32>, %lse: tensor<1x1x100xf32>) -> tensor<1x1x100x16xf32> {
  %0, %1, %2 = lighthouse.attend_backward %q, %q, %q, %q, %lse, %q {scale = 0.25 : f32} : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>
  return %0 : tensor<1x1x100x16xf32>
}

// CHECK-LABEL: func.func @parts
// CHECK-NEXT: lighthouse.attend_backward {{.+}} {parts = 2 : i64
func.func @parts(%q: tensor<1x1x100x16xbf16>, %lse: tensor<1x1x100xf32>) -> tensor<1x1x200x16xf32> {
  %0, %1, %2 = lighthouse.attend_backward %q, %q, %q, %q, %lse, %q {parts = 2 : i64, scale = 0.25 : f32}
      : tensor<1x1x100x16xbf16>, tensor<1x1x100x16xbf16>, tensor<1x1x100x16xbf16>
  return %0 : tensor<1x1x200x16xf32>
}

// What is only rounded is not computed any wider.
// CHECK-LABEL: func.func @rounded
// CHECK: %[[DQ:.+]], %[[DK:.+]], %[[DV:.+]] = lighthouse.attend_backward_joined {{.+}} narrow {scale = 2.500000e-01 : f32}
// CHECK-NEXT: %[[ROUNDED:.+]] = lighthouse.round %[[DQ]] {element_type = bf16}
// CHECK-NEXT: return %[[ROUNDED]], %[[DK]], %[[DV]]
func.func @rounded(%q: !rows, %lse: tensor<1x4x100xf32>) -> (!rows, !rows, !rows) {
  %0, %1, %2 = lighthouse.attend_backward %q, %q, %q, %q, %lse, %q {scale = 0.25 : f32} : !rows, !rows, !rows
  %3 = lighthouse.round %0 {element_type = bf16} : tensor<1x4x100x64xf32>
  %4 = lighthouse.round %1 {element_type = bf16} : tensor<1x4x100x64xf32>
  %5 = lighthouse.round %2 {element_type = bf16} : tensor<1x4x100x64xf32>
  return %3, %4, %5 : !rows, !rows, !rows
}
