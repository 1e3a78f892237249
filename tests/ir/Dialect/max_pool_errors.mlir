// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
func.func @tokens(%tq: tensor<1x8x250xf32>, %tk: tensor<1x2x256xf32>) {
  // expected-error @+1 {{expects tk to have a score for each of seq_len 250 tokens, but got 256}}
  %a, %b = lighthouse.max_pool %tq, %tk {pyramid = #pyramid} : tensor<1x8x250xf32>, tensor<1x2x256xf32>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
func.func @rank(%tq: tensor<1x8x250x1xf32>) {
  // expected-error @+1 {{operand #0 must be 3D tensor of 32-bit float values, but got 'tensor<1x8x250x1xf32>'}}
  %0:2 = "lighthouse.max_pool"(%tq, %tq) {pyramid = #pyramid} : (tensor<1x8x250x1xf32>, tensor<1x8x250x1xf32>) -> (tensor<1x8x192xf32, #pyramid>, tensor<1x8x192xf32, #pyramid>)
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
func.func @rows(%tq: tensor<1x8x250xf32>, %tk: tensor<1x2x250xf32>, %q: tensor<1x8x256x64xf32>) {
  // expected-error @+1 {{expects tokens to have a row for each of seq_len 250 tokens, but got 256}}
  %a, %b = lighthouse.max_pool %tq, %tk of %q {pyramid = #pyramid} : tensor<1x8x250xf32>, tensor<1x2x250xf32>, tensor<1x8x256x64xf32>
  return
}
