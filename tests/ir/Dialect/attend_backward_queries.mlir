// SPDX-License-Identifier: Apache-2.0
// Gradients are float32 whatever the rows are, of the query heads.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

!rows = tensor<1x4x100x16xbf16>
!keys = tensor<1x2x100x16xbf16>
!scores = tensor<1x4x100xf32>
// CHECK-LABEL: func.func @grouped
// CHECK: %dqs = lighthouse.attend_backward_queries %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} {scale = 1.250000e-01 : f32} : tensor<1x4x100x16xbf16>, tensor<1x2x100x16xbf16>, tensor<1x2x100x16xbf16>, tensor<1x4x100xf32>, tensor<1x4x100xf32>, tensor<1x4x100x16xbf16>
// CHECK: return %dqs : tensor<1x4x100x16xf32>
func.func @grouped(%qs: !rows, %ks: !keys, %lse: !scores) -> tensor<1x4x100x16xf32> {
  %0 = lighthouse.attend_backward_queries %qs, %ks, %ks, %lse, %lse, %qs {scale = 0.125 : f32} : !rows, !keys, !keys, !scores, !scores, !rows
  return %0 : tensor<1x4x100x16xf32>
}
