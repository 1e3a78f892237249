// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

func.func @rank(%s: tensor<1x256xf32>) {
  // expected-error @+1 {{expects sq to be a tensor of rank 3 and static shape, but got 'tensor<1x256xf32>'}}
  %sel = lighthouse.select %s, %s {topk = 128} : tensor<1x256xf32>, tensor<1x256xf32>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 512, padded_len = 512, num_levels = 2, pooling_factor = 2>
func.func @keys_rank(%s: tensor<1x1x256xf32, #pyramid>, %t: tensor<1x?x256xf32, #pyramid>) {
  // expected-error @+1 {{expects sk to be a tensor of rank 3 and static shape, but got}}
  %sel = lighthouse.select %s, %t {topk = 128} : tensor<1x1x256xf32, #pyramid>, tensor<1x?x256xf32, #pyramid>
  return
}

// -----

func.func @no_pyramid(%s: tensor<1x1x256xf32>) {
  // expected-error @+1 {{expects sq to have a #lighthouse.pyramid encoding, but got 'tensor<1x1x256xf32>'}}
  %sel = lighthouse.select %s, %s {topk = 128} : tensor<1x1x256xf32>, tensor<1x1x256xf32>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 512, padded_len = 512, num_levels = 2, pooling_factor = 2>
func.func @rows(%s: tensor<1x1x512xf32, #pyramid>) {
  // expected-error @+1 {{expects sq to have 256 rows as its encoding says, but got 512}}
  %sel = lighthouse.select %s, %s {topk = 128} : tensor<1x1x512xf32, #pyramid>, tensor<1x1x512xf32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 512, padded_len = 512, num_levels = 2, pooling_factor = 2>
func.func @keys_no_pyramid(%s: tensor<1x1x256xf32, #pyramid>, %t: tensor<1x1x256xf32>) {
  // expected-error @+1 {{expects sk to have a #lighthouse.pyramid encoding, but got 'tensor<1x1x256xf32>'}}
  %sel = lighthouse.select %s, %t {topk = 128} : tensor<1x1x256xf32, #pyramid>, tensor<1x1x256xf32>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 512, padded_len = 512, num_levels = 2, pooling_factor = 2>
#shorter = #lighthouse.pyramid<seq_len = 500, padded_len = 512, num_levels = 2, pooling_factor = 2>
func.func @pyramids(%s: tensor<1x1x256xf32, #pyramid>, %t: tensor<1x1x256xf32, #shorter>) {
  // expected-error @+1 {{expects sk to be of sq's pyramid #lighthouse.pyramid<seq_len = 512, padded_len = 512, num_levels = 2, pooling_factor = 2>, but got #lighthouse.pyramid<seq_len = 500,}}
  %sel = lighthouse.select %s, %t {topk = 128} : tensor<1x1x256xf32, #pyramid>, tensor<1x1x256xf32, #shorter>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 512, padded_len = 512, num_levels = 2, pooling_factor = 2>
func.func @heads(%s: tensor<1x4x256xf32, #pyramid>, %t: tensor<1x3x256xf32, #pyramid>) {
  // expected-error @+1 {{expects sk to have sq's batch and a number of heads that divides sq's, but got}}
  %sel = lighthouse.select %s, %t {topk = 128} : tensor<1x4x256xf32, #pyramid>, tensor<1x3x256xf32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 512, padded_len = 512, num_levels = 2, pooling_factor = 2>
func.func @batch(%s: tensor<1x1x256xf32, #pyramid>, %t: tensor<2x1x256xf32, #pyramid>) {
  // expected-error @+1 {{expects sk to have sq's batch and a number of heads that divides sq's, but got}}
  %sel = lighthouse.select %s, %t {topk = 128} : tensor<1x1x256xf32, #pyramid>, tensor<2x1x256xf32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 512, padded_len = 512, num_levels = 2, pooling_factor = 2>
func.func @topk(%s: tensor<1x1x256xf32, #pyramid>) {
  // expected-error @+1 {{expects topk to be a positive multiple of 128, but got 100}}
  %sel = lighthouse.select %s, %s {topk = 100} : tensor<1x1x256xf32, #pyramid>, tensor<1x1x256xf32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 512, padded_len = 512, num_levels = 2, pooling_factor = 2>
func.func @topk_zero(%s: tensor<1x1x256xf32, #pyramid>) {
  // expected-error @+1 {{expects topk to be a positive multiple of 128, but got 0}}
  %sel = lighthouse.select %s, %s {topk = 0} : tensor<1x1x256xf32, #pyramid>, tensor<1x1x256xf32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 512, padded_len = 512, num_levels = 2, pooling_factor = 2>
func.func @unequal_tiles(%s: tensor<1x1x256xf32, #pyramid>) {
  // expected-error @+1 {{expects topk / 128 tiles to share the 256 coarsest windows equally, but got 3 tiles}}
  %sel = lighthouse.select %s, %s {topk = 384} : tensor<1x1x256xf32, #pyramid>, tensor<1x1x256xf32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 512, padded_len = 512, num_levels = 2, pooling_factor = 2>
func.func @small_tiles(%s: tensor<1x1x256xf32, #pyramid>) {
  // expected-error @+1 {{expects at least 128 coarsest windows a tile, but got 64}}
  %sel = lighthouse.select %s, %s {topk = 512} : tensor<1x1x256xf32, #pyramid>, tensor<1x1x256xf32, #pyramid>
  return
}
