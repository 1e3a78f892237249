// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-LABEL: func.func @grouped
// CHECK: %os, %lse = lighthouse.attend %{{.+}}, %{{.+}}, %{{.+}} {scale = 1.250000e-01 : f32} : tensor<2x8x100x64xbf16>, tensor<2x2x100x64xbf16>, tensor<2x2x100x64xbf16>
// CHECK: return %os, %lse : tensor<2x8x100x64xbf16>, tensor<2x8x100xf32>
func.func @grouped(%qs: tensor<2x8x100x64xbf16>, %ks: tensor<2x2x100x64xbf16>) -> (tensor<2x8x100x64xbf16>, tensor<2x8x100xf32>) {
  %a, %b = lighthouse.attend %qs, %ks, %ks {scale = 0.125 : f32} : tensor<2x8x100x64xbf16>, tensor<2x2x100x64xbf16>, tensor<2x2x100x64xbf16>
  return %a, %b : tensor<2x8x100x64xbf16>, tensor<2x8x100xf32>
}

// The keys have the most heads: each has a row of the result, and shares its query and value with three others.
// CHECK-LABEL: func.func @shared_queries
// CHECK: return %{{.+}}, %{{.+}} : tensor<2x8x100x64xbf16>, tensor<2x8x100xf32>
func.func @shared_queries(%qs: tensor<2x2x100x64xbf16>, %ks: tensor<2x8x100x64xbf16>) -> (tensor<2x8x100x64xbf16>, tensor<2x8x100xf32>) {
  %a, %b = lighthouse.attend %qs, %ks, %qs {scale = 0.125 : f32} : tensor<2x2x100x64xbf16>, tensor<2x8x100x64xbf16>, tensor<2x2x100x64xbf16>
  return %a, %b : tensor<2x8x100x64xbf16>, tensor<2x8x100xf32>
}
