// SPDX-License-Identifier: Apache-2.0
// The tokens are as many as there are, not padded; the coarse levels carry the encoding.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
// CHECK-LABEL: func.func @view
// CHECK: %pyramid = lighthouse.stack %{{.+}}, %{{.+}} : tensor<1x2x250x16xf16>, tensor<1x2x192x16xf16, #pyramid>
// CHECK: return %pyramid : tensor<1x2x448x16xf16, #pyramid>
func.func @view(%q: tensor<1x2x250x16xf16>, %cq: tensor<1x2x192x16xf16, #pyramid>) -> tensor<1x2x448x16xf16, #pyramid> {
  %p = lighthouse.stack %q, %cq : tensor<1x2x250x16xf16>, tensor<1x2x192x16xf16, #pyramid>
  return %p : tensor<1x2x448x16xf16, #pyramid>
}
