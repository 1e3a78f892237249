// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
// CHECK-LABEL: func.func @rows
// CHECK: %dos = lighthouse.scatter_backward %{{.+}}[%{{.+}}] : tensor<1x2x250x16xbf16>, tensor<1x2x300xi32, #pyramid>
// CHECK: return %dos : tensor<1x2x300x16xbf16>
func.func @rows(%dout: tensor<1x2x250x16xbf16>, %sel: tensor<1x2x300xi32, #pyramid>) -> tensor<1x2x300x16xbf16> {
  %dos = lighthouse.scatter_backward %dout[%sel] : tensor<1x2x250x16xbf16>, tensor<1x2x300xi32, #pyramid>
  return %dos : tensor<1x2x300x16xbf16>
}
