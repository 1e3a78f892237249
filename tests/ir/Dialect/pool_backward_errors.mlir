// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

func.func @no_pyramid(%p: tensor<1x1x384x16xf32>) {
  // expected-error @+1 {{expects dpq to have a #lighthouse.pyramid encoding, but got 'tensor<1x1x384x16xf32>'}}
  %a, %b, %c = lighthouse.pool_backward %p, %p, %p {element_type = f32} : tensor<1x1x384x16xf32>, tensor<1x1x384x16xf32>, tensor<1x1x384x16xf32>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @rows(%p: tensor<1x1x256x16xf32, #pyramid>) {
  // expected-error @+1 {{expects dpq to have 384 rows as its encoding says, but got 256}}
  %a, %b, %c = lighthouse.pool_backward %p, %p, %p {element_type = f32} : tensor<1x1x256x16xf32, #pyramid>, tensor<1x1x256x16xf32, #pyramid>, tensor<1x1x256x16xf32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @values(%p: tensor<1x2x384x16xf32, #pyramid>, %v: tensor<1x1x384x16xf32, #pyramid>) {
  // expected-error @+1 {{expects dpk and dpv to have the same type, but got}}
  %a, %b, %c = lighthouse.pool_backward %p, %p, %v {element_type = f32} : tensor<1x2x384x16xf32, #pyramid>, tensor<1x2x384x16xf32, #pyramid>, tensor<1x1x384x16xf32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @element_type(%p: tensor<1x1x384x16xf32, #pyramid>) {
  // expected-error @+1 {{expects element_type to be f32, bf16 or f16, but got 'f64'}}
  %a, %b, %c = lighthouse.pool_backward %p, %p, %p {element_type = f64} : tensor<1x1x384x16xf32, #pyramid>, tensor<1x1x384x16xf32, #pyramid>, tensor<1x1x384x16xf32, #pyramid>
  return
}
