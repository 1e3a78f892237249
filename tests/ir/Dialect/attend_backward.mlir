// SPDX-License-Identifier: Apache-2.0
// Gradients are float32 whatever the rows are. The types of os, lse and dos follow from that of qs.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-LABEL: func.func @grouped
// CHECK: %dqs, %dks, %dvs = lighthouse.attend_backward %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} {scale = 1.250000e-01 : f32} : tensor<1x4x100x16xbf16>, tensor<1x2x100x16xbf16>, tensor<1x2x100x16xbf16>
// CHECK: return %dqs, %dks : tensor<1x4x100x16xf32>, tensor<1x2x100x16xf32>
func.func @grouped(%qs: tensor<1x4x100x16xbf16>, %ks: tensor<1x2x100x16xbf16>, %lse: tensor<1x4x100xf32>) -> (tensor<1x4x100x16xf32>, tensor<1x2x100x16xf32>) {
  %a, %b, %c = lighthouse.attend_backward %qs, %ks, %ks, %qs, %lse, %qs {scale = 0.125 : f32}
      : tensor<1x4x100x16xbf16>, tensor<1x2x100x16xbf16>, tensor<1x2x100x16xbf16>
  return %a, %b : tensor<1x4x100x16xf32>, tensor<1x2x100x16xf32>
}

// CHECK-LABEL: func.func @parts
// CHECK: lighthouse.attend_backward {{.+}} {parts = 3 : i64, scale = 1.250000e-01 : f32} :
// CHECK: return %dqs, %dks : tensor<1x1x300x16xf32>, tensor<1x1x100x16xf32>
func.func @parts(%qs: tensor<1x1x100x16xf32>, %lse: tensor<1x1x100xf32>) -> (tensor<1x1x300x16xf32>, tensor<1x1x100x16xf32>) {
  %a, %b, %c = lighthouse.attend_backward %qs, %qs, %qs, %qs, %lse, %qs {scale = 0.125 : f32, parts = 3 : i64}
      : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>
  return %a, %b : tensor<1x1x300x16xf32>, tensor<1x1x100x16xf32>
}

// One part is the default and is not printed.
// CHECK-LABEL: func.func @one_part
// CHECK: lighthouse.attend_backward {{.+}} {scale = 1.250000e-01 : f32} :
func.func @one_part(%qs: tensor<1x1x100x16xf32>, %lse: tensor<1x1x100xf32>) {
  %a, %b, %c = lighthouse.attend_backward %qs, %qs, %qs, %qs, %lse, %qs {scale = 0.125 : f32, parts = 1 : i64}
      : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>
  return
}
