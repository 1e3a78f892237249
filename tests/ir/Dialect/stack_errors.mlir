// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
func.func @padded(%q: tensor<1x2x256x16xf16>, %cq: tensor<1x2x192x16xf16, #pyramid>) {
  // expected-error @+1 {{expects the tokens and level 0 of the pyramid to have the same type, but got 'tensor<1x2x256x16xf16>' and 'tensor<1x2x250x16xf16>'}}
  %p = lighthouse.stack %q, %cq : tensor<1x2x256x16xf16>, tensor<1x2x192x16xf16, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
func.func @dtype(%q: tensor<1x2x250x16xf32>, %cq: tensor<1x2x192x16xf16, #pyramid>) {
  // expected-error @+1 {{expects the tokens and level 0 of the pyramid to have the same type, but got 'tensor<1x2x250x16xf32>' and 'tensor<1x2x250x16xf16>'}}
  %p = lighthouse.stack %q, %cq : tensor<1x2x250x16xf32>, tensor<1x2x192x16xf16, #pyramid>
  return
}

// -----

func.func @no_pyramid(%q: tensor<1x2x250x16xf16>, %cq: tensor<1x2x192x16xf16>) {
  // expected-error @+1 {{expects the coarse levels to have a #lighthouse.pyramid encoding, but got 'tensor<1x2x192x16xf16>'}}
  %p = lighthouse.stack %q, %cq : tensor<1x2x250x16xf16>, tensor<1x2x192x16xf16>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
func.func @whole(%q: tensor<1x2x250x16xf16>, %p: tensor<1x2x448x16xf16, #pyramid>) {
  // expected-error @+1 {{expects the coarse levels to have 192 rows as its encoding says, but got 448}}
  %s = lighthouse.stack %q, %p : tensor<1x2x250x16xf16>, tensor<1x2x448x16xf16, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
func.func @tokens_rank(%q: tensor<2x250x16xf16>, %cq: tensor<1x2x192x16xf16, #pyramid>) {
  // expected-error @+1 {{expects the tokens to be a tensor of rank 4 and static shape, but got 'tensor<2x250x16xf16>'}}
  %p = lighthouse.stack %q, %cq : tensor<2x250x16xf16>, tensor<1x2x192x16xf16, #pyramid>
  return
}
