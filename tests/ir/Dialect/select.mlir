// SPDX-License-Identifier: Apache-2.0
// The sub-sequence's length: N'/p^(L-1) + (L-1) p K.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 8000, padded_len = 8192, num_levels = 3, pooling_factor = 4>
// CHECK-LABEL: func.func @two_tiles
// CHECK: %indices = lighthouse.select %{{.+}}, %{{.+}} {topk = 256} : tensor<1x8x2560xf32, #pyramid>, tensor<1x2x2560xf32, #pyramid>
// CHECK: return %indices : tensor<1x8x2560xi32, #pyramid>
func.func @two_tiles(%sq: tensor<1x8x2560xf32, #pyramid>, %sk: tensor<1x2x2560xf32, #pyramid>) -> tensor<1x8x2560xi32, #pyramid> {
  %sel = lighthouse.select %sq, %sk {topk = 256} : tensor<1x8x2560xf32, #pyramid>, tensor<1x2x2560xf32, #pyramid>
  return %sel : tensor<1x8x2560xi32, #pyramid>
}

// Scores that may be negative.
// CHECK-LABEL: func.func @signed
// CHECK: lighthouse.select signed %{{.+}}, %{{.+}} {topk = 256}
func.func @signed(%sq: tensor<1x8x2560xf32, #pyramid>, %sk: tensor<1x2x2560xf32, #pyramid>) -> tensor<1x8x2560xi32, #pyramid> {
  %sel = lighthouse.select signed %sq, %sk {topk = 256} : tensor<1x8x2560xf32, #pyramid>, tensor<1x2x2560xf32, #pyramid>
  return %sel : tensor<1x8x2560xi32, #pyramid>
}

// One level has all tokens selected, whatever topk is.
#one = #lighthouse.pyramid<seq_len = 100, padded_len = 100, num_levels = 1, pooling_factor = 2>
// CHECK-LABEL: func.func @one_level
// CHECK: return %{{.+}} : tensor<1x1x100xi32, #pyramid1>
func.func @one_level(%s: tensor<1x1x0xf32, #one>) -> tensor<1x1x100xi32, #one> {
  %sel = lighthouse.select %s, %s {topk = 1} : tensor<1x1x0xf32, #one>, tensor<1x1x0xf32, #one>
  return %sel : tensor<1x1x100xi32, #one>
}
