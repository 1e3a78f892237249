// SPDX-License-Identifier: Apache-2.0
// Pyramids of float32; the keys' have as many heads as there are key heads.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
// CHECK-LABEL: func.func @selection
// CHECK: %dpq, %dpk, %dpv = lighthouse.gather_backward %{{.+}}, %{{.+}}, %{{.+}}[%{{.+}}] {num_kv_heads = 2 : i64} : tensor<1x4x300x16xbf16>, tensor<1x4x300xi32, #pyramid>
// CHECK: return %dpq, %dpk : tensor<1x4x384x16xf32, #pyramid>, tensor<1x2x384x16xf32, #pyramid>
func.func @selection(%dqs: tensor<1x4x300x16xbf16>, %sel: tensor<1x4x300xi32, #pyramid>) -> (tensor<1x4x384x16xf32, #pyramid>, tensor<1x2x384x16xf32, #pyramid>) {
  %a, %b, %c = lighthouse.gather_backward %dqs, %dqs, %dqs[%sel] {num_kv_heads = 2} : tensor<1x4x300x16xbf16>, tensor<1x4x300xi32, #pyramid>
  return %a, %b : tensor<1x4x384x16xf32, #pyramid>, tensor<1x2x384x16xf32, #pyramid>
}

// CHECK-LABEL: func.func @inverse
// CHECK: lighthouse.gather_backward %{{.+}}, %{{.+}}, %{{.+}}[inverse %{{.+}}] {num_kv_heads = 4 : i64} : tensor<1x4x300x16xf32>, tensor<1x4x384xi32, #pyramid>
func.func @inverse(%dqs: tensor<1x4x300x16xf32>, %slots: tensor<1x4x384xi32, #pyramid>) {
  %a, %b, %c = lighthouse.gather_backward %dqs, %dqs, %dqs[inverse %slots] {num_kv_heads = 4} : tensor<1x4x300x16xf32>, tensor<1x4x384xi32, #pyramid>
  return
}
