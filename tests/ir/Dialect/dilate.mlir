// SPDX-License-Identifier: Apache-2.0
// Each residue class is a batch entry of its own; 250 tokens in classes of 63, 63, 62 and 62, which get 63 rows all.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-LABEL: func.func @f
// CHECK: %qd, %kd, %vd = lighthouse.dilate %{{.+}}, %{{.+}}, %{{.+}} {dilation = 4} : tensor<2x8x250x16xf16>, tensor<2x2x250x16xf16>, tensor<2x2x250x16xf16>
// CHECK: return %qd, %vd : tensor<8x8x63x16xf16>, tensor<8x2x63x16xf16>
func.func @f(%q: tensor<2x8x250x16xf16>, %k: tensor<2x2x250x16xf16>) -> (tensor<8x8x63x16xf16>, tensor<8x2x63x16xf16>) {
  %a, %b, %c = lighthouse.dilate %q, %k, %k {dilation = 4} : tensor<2x8x250x16xf16>, tensor<2x2x250x16xf16>, tensor<2x2x250x16xf16>
  return %a, %c : tensor<8x8x63x16xf16>, tensor<8x2x63x16xf16>
}
