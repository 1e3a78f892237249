// SPDX-License-Identifier: Apache-2.0
// Back to the tokens, of the element type that q, k and v have.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
// CHECK-LABEL: func.func @tokens
// CHECK: %dq, %dk, %dv = lighthouse.pool_backward %{{.+}}, %{{.+}}, %{{.+}} {element_type = bf16} : tensor<1x4x384x16xf32, #pyramid>, tensor<1x2x384x16xf32, #pyramid>, tensor<1x2x384x16xf32, #pyramid>
// CHECK: return %dq, %dv : tensor<1x4x250x16xbf16>, tensor<1x2x250x16xbf16>
func.func @tokens(%dpq: tensor<1x4x384x16xf32, #pyramid>, %dpk: tensor<1x2x384x16xf32, #pyramid>) -> (tensor<1x4x250x16xbf16>, tensor<1x2x250x16xbf16>) {
  %a, %b, %c = lighthouse.pool_backward %dpq, %dpk, %dpk {element_type = bf16}
      : tensor<1x4x384x16xf32, #pyramid>, tensor<1x2x384x16xf32, #pyramid>, tensor<1x2x384x16xf32, #pyramid>
  return %a, %c : tensor<1x4x250x16xbf16>, tensor<1x2x250x16xbf16>
}
