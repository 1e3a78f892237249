// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-LABEL: func.func @grouped
// CHECK: %oq, %ok = lighthouse.gla_squares %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} {dilation = 4, scale = 1.250000e-01} : tensor<2x4x100x16xbf16>, tensor<2x2x100x16xbf16>, tensor<2x2x100x16xbf16>, tensor<2x4x100xf32>
// CHECK: return %oq, %ok : tensor<2x4x1x100xf32>, tensor<2x4x1x100xf32>
func.func @grouped(%q: tensor<2x4x100x16xbf16>, %kv: tensor<2x2x100x16xbf16>, %g: tensor<2x4x100xf32>) -> (tensor<2x4x1x100xf32>, tensor<2x4x1x100xf32>) {
  %oq, %ok = lighthouse.gla_squares %q, %kv, %kv, %g {dilation = 4, scale = 1.250000e-01} : tensor<2x4x100x16xbf16>, tensor<2x2x100x16xbf16>, tensor<2x2x100x16xbf16>, tensor<2x4x100xf32>
  return %oq, %ok : tensor<2x4x1x100xf32>, tensor<2x4x1x100xf32>
}

// The second part has 32 columns.
// CHECK-LABEL: func.func @parts
// CHECK: {dilation = 1, scale = 5.000000e-01, parts = 2} : tensor<1x1x100x80xf32>
func.func @parts(%x: tensor<1x1x100x80xf32>, %g: tensor<1x1x100xf32>) -> tensor<1x1x2x100xf32> {
  %oq, %ok = lighthouse.gla_squares %x, %x, %x, %g {dilation = 1, scale = 5.000000e-01, parts = 2} : tensor<1x1x100x80xf32>, tensor<1x1x100x80xf32>, tensor<1x1x100x80xf32>, tensor<1x1x100xf32>
  return %ok : tensor<1x1x2x100xf32>
}
