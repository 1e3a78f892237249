// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
// CHECK-LABEL: func.func @levels
// CHECK: %coarse = lighthouse.coarse %{{.+}} : tensor<1x2x448x16xf16, #pyramid>
// CHECK: return %coarse : tensor<1x2x192x16xf16, #pyramid>
func.func @levels(%p: tensor<1x2x448x16xf16, #pyramid>) -> tensor<1x2x192x16xf16, #pyramid> {
  %c = lighthouse.coarse %p : tensor<1x2x448x16xf16, #pyramid>
  return %c : tensor<1x2x192x16xf16, #pyramid>
}
