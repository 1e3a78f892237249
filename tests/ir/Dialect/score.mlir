// SPDX-License-Identifier: Apache-2.0
// One score a window of levels 1 and up, in float32 whatever the rows are.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
// CHECK-LABEL: func.func @norm
// CHECK: %sq, %sk = lighthouse.score norm %{{.+}}, %{{.+}} : tensor<1x8x448x16xf16, #pyramid>, tensor<1x2x448x16xf16, #pyramid>
// CHECK: return %sq, %sk : tensor<1x8x192xf32, #pyramid>, tensor<1x2x192xf32, #pyramid>
func.func @norm(%pq: tensor<1x8x448x16xf16, #pyramid>, %pk: tensor<1x2x448x16xf16, #pyramid>) -> (tensor<1x8x192xf32, #pyramid>, tensor<1x2x192xf32, #pyramid>) {
  %a, %b = lighthouse.score norm %pq, %pk : tensor<1x8x448x16xf16, #pyramid>, tensor<1x2x448x16xf16, #pyramid>
  return %a, %b : tensor<1x8x192xf32, #pyramid>, tensor<1x2x192xf32, #pyramid>
}
