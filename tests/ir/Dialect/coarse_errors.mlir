// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

func.func @no_pyramid(%p: tensor<1x2x448x16xf16>) {
  // expected-error @+1 {{expects the pyramid to have a #lighthouse.pyramid encoding, but got 'tensor<1x2x448x16xf16>'}}
  %c = lighthouse.coarse %p : tensor<1x2x448x16xf16>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
func.func @rows(%p: tensor<1x2x192x16xf16, #pyramid>) {
  // expected-error @+1 {{expects the pyramid to have 448 rows as its encoding says, but got 192}}
  %c = lighthouse.coarse %p : tensor<1x2x192x16xf16, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
func.func @head_dim(%p: tensor<1x2x448x1xf16, #pyramid>) {
  // expected-error @+1 {{expects head_dim of the pyramid to be a multiple of 8 up to 256, but got 1}}
  %c = lighthouse.coarse %p : tensor<1x2x448x1xf16, #pyramid>
  return
}
