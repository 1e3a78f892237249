// SPDX-License-Identifier: Apache-2.0
// Gradients are float32 whatever the rows are, each of its heads.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

!rows = tensor<1x4x100x16xbf16>
!keys = tensor<1x2x100x16xbf16>
!scores = tensor<1x4x100xf32>
// CHECK-LABEL: func.func @grouped
// CHECK: %dqs, %dks, %dvs = lighthouse.attend_backward_joined %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} {scale = 1.250000e-01 : f32} : tensor<1x4x100x16xbf16>, tensor<1x2x100x16xbf16>, tensor<1x2x100x16xbf16>, tensor<1x4x100xf32>, tensor<1x4x100xf32>, tensor<1x4x100x16xbf16>
// CHECK: return %dqs, %dks, %dvs : tensor<1x4x100x16xf32>, tensor<1x2x100x16xf32>, tensor<1x2x100x16xf32>
func.func @grouped(%qs: !rows, %ks: !keys, %lse: !scores) -> (tensor<1x4x100x16xf32>, tensor<1x2x100x16xf32>, tensor<1x2x100x16xf32>) {
  %0, %1, %2 = lighthouse.attend_backward_joined %qs, %ks, %ks, %lse, %lse, %qs {scale = 0.125 : f32} : !rows, !keys, !keys, !scores, !scores, !rows
  return %0, %1, %2 : tensor<1x4x100x16xf32>, tensor<1x2x100x16xf32>, tensor<1x2x100x16xf32>
}

// CHECK-LABEL: func.func @narrow
// CHECK: %dqs, %dks, %dvs = lighthouse.attend_backward_joined %{{.+}} narrow {scale = 1.250000e-01 : f32}
// CHECK: return %dqs, %dks, %dvs : tensor<1x4x100x16xf32>, tensor<1x4x100x16xbf16>, tensor<1x4x100x16xbf16>
func.func @narrow(%qs: !rows, %lse: !scores) -> (tensor<1x4x100x16xf32>, !rows, !rows) {
  %0, %1, %2 = lighthouse.attend_backward_joined %qs, %qs, %qs, %lse, %lse, %qs narrow {scale = 0.125 : f32} : !rows, !rows, !rows, !scores, !scores, !rows
  return %0, %1, %2 : tensor<1x4x100x16xf32>, !rows, !rows
}
