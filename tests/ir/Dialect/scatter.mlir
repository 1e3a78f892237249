// SPDX-License-Identifier: Apache-2.0
// The result has the tokens' length, not the padded one; through an inverse, the operand numbers entries.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
// CHECK-LABEL: func.func @selection
// CHECK: %out = lighthouse.scatter %{{.+}}[%{{.+}}] : tensor<1x2x300x16xf16>, tensor<1x2x300xi32, #pyramid>
// CHECK: return %out : tensor<1x2x250x16xf16>
func.func @selection(%os: tensor<1x2x300x16xf16>, %sel: tensor<1x2x300xi32, #pyramid>) -> tensor<1x2x250x16xf16> {
  %out = lighthouse.scatter %os[%sel] : tensor<1x2x300x16xf16>, tensor<1x2x300xi32, #pyramid>
  return %out : tensor<1x2x250x16xf16>
}

// CHECK-LABEL: func.func @inverse
// CHECK: %out = lighthouse.scatter %{{.+}}[inverse %{{.+}}] : tensor<1x2x300x16xf16>, tensor<1x2x384xi32, #pyramid>
// CHECK: return %out : tensor<1x2x250x16xf16>
func.func @inverse(%os: tensor<1x2x300x16xf16>, %slots: tensor<1x2x384xi32, #pyramid>) -> tensor<1x2x250x16xf16> {
  %out = lighthouse.scatter %os[inverse %slots] : tensor<1x2x300x16xf16>, tensor<1x2x384xi32, #pyramid>
  return %out : tensor<1x2x250x16xf16>
}
