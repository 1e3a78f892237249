// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @scorer(%pq: tensor<1x1x384x32xf32, #pyramid>) {
  // expected-error @+1 {{expected string or keyword containing one of the following enum values for attribute 'scorer' [norm]}}
  %a, %b = lighthouse.score cosine %pq, %pq : tensor<1x1x384x32xf32, #pyramid>, tensor<1x1x384x32xf32, #pyramid>
  return
}

// -----

func.func @no_pyramid(%q: tensor<1x1x384x32xf32>) {
  // expected-error @+1 {{expects pq to have a #lighthouse.pyramid encoding, but got 'tensor<1x1x384x32xf32>'}}
  %a, %b = lighthouse.score norm %q, %q : tensor<1x1x384x32xf32>, tensor<1x1x384x32xf32>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @rows(%pq: tensor<1x1x256x32xf32, #pyramid>) {
  // expected-error @+1 {{expects pq to have 384 rows as its encoding says, but got 256}}
  %a, %b = lighthouse.score norm %pq, %pq : tensor<1x1x256x32xf32, #pyramid>, tensor<1x1x256x32xf32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
#shorter = #lighthouse.pyramid<seq_len = 255, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @pyramids(%pq: tensor<1x1x384x32xf32, #pyramid>, %pk: tensor<1x1x384x32xf32, #shorter>) {
  // expected-error @+1 {{expects pq and pk to differ in their number of heads only, but got}}
  %a, %b = lighthouse.score norm %pq, %pk : tensor<1x1x384x32xf32, #pyramid>, tensor<1x1x384x32xf32, #shorter>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @named_once(%pq: tensor<1x1x384x32xf32, #pyramid>, %pk: tensor<1x1x384x12xf32, #pyramid>) {
  // expected-error @+1 {{expects head_dim of pk to be a multiple of 8 up to 256, but got 12}}
  %a, %b = lighthouse.score norm %pq, %pk : tensor<1x1x384x32xf32, #pyramid>, tensor<1x1x384x12xf32, #pyramid>
  return
}
