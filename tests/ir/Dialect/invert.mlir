// SPDX-License-Identifier: Apache-2.0
// A slot for every entry of the pyramid.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
// CHECK-LABEL: func.func @slots
// CHECK: %slots = lighthouse.invert %{{.+}} : tensor<1x2x300xi32, #pyramid>
// CHECK: return %slots : tensor<1x2x384xi32, #pyramid>
func.func @slots(%sel: tensor<1x2x300xi32, #pyramid>) -> tensor<1x2x384xi32, #pyramid> {
  %slots = lighthouse.invert %sel : tensor<1x2x300xi32, #pyramid>
  return %slots : tensor<1x2x384xi32, #pyramid>
}
