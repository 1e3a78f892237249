// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @rank(%sel: tensor<2x300xi32, #pyramid>) {
  // expected-error @+1 {{expects the selection to be a tensor of rank 3 and static shape, but got}}
  %slots = lighthouse.invert %sel : tensor<2x300xi32, #pyramid>
  return
}

// -----

func.func @no_pyramid(%sel: tensor<1x2x300xi32>) {
  // expected-error @+1 {{expects the selection to have a #lighthouse.pyramid encoding, but got 'tensor<1x2x300xi32>'}}
  %slots = lighthouse.invert %sel : tensor<1x2x300xi32>
  return
}
