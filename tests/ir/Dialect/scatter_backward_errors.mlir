// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @head_dim(%dout: tensor<1x1x250x4xf32>, %sel: tensor<1x1x300xi32, #pyramid>) {
  // expected-error @+1 {{expects head_dim of dout to be a multiple of 8 up to 256, but got 4}}
  %dos = lighthouse.scatter_backward %dout[%sel] : tensor<1x1x250x4xf32>, tensor<1x1x300xi32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @heads(%dout: tensor<1x2x250x16xf32>, %sel: tensor<1x1x300xi32, #pyramid>) {
  // expected-error @+1 {{expects the selection to have the batch and query heads 1x2, but got 1x1}}
  %dos = lighthouse.scatter_backward %dout[%sel] : tensor<1x2x250x16xf32>, tensor<1x1x300xi32, #pyramid>
  return
}

// -----

// The padded length is no length of a gradient.
#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @length(%dout: tensor<1x1x256x16xf32>, %sel: tensor<1x1x300xi32, #pyramid>) {
  // expected-error @+1 {{expects dout to have seq_len 250 rows, but got 256}}
  %dos = lighthouse.scatter_backward %dout[%sel] : tensor<1x1x256x16xf32>, tensor<1x1x300xi32, #pyramid>
  return
}
