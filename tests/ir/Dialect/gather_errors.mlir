// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @values(%p: tensor<1x1x384x32xf32, #pyramid>, %v: tensor<1x1x384x64xf32, #pyramid>, %sel: tensor<1x1x384xi32, #pyramid>) {
  // expected-error @+1 {{expects pk and pv to have the same type, but got}}
  %a, %b, %c = lighthouse.gather %p, %p, %v[%sel] : tensor<1x1x384x32xf32, #pyramid>, tensor<1x1x384x32xf32, #pyramid>,
      tensor<1x1x384x64xf32, #pyramid>, tensor<1x1x384xi32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @no_pyramid(%p: tensor<1x1x384x32xf32>, %sel: tensor<1x1x384xi32, #pyramid>) {
  // expected-error @+1 {{expects pq to have a #lighthouse.pyramid encoding, but got 'tensor<1x1x384x32xf32>'}}
  %a, %b, %c = lighthouse.gather %p, %p, %p[%sel] : tensor<1x1x384x32xf32>, tensor<1x1x384x32xf32>, tensor<1x1x384x32xf32>, tensor<1x1x384xi32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @rows(%p: tensor<1x1x256x32xf32, #pyramid>, %sel: tensor<1x1x384xi32, #pyramid>) {
  // expected-error @+1 {{expects pq to have 384 rows as its encoding says, but got 256}}
  %a, %b, %c = lighthouse.gather %p, %p, %p[%sel] : tensor<1x1x256x32xf32, #pyramid>, tensor<1x1x256x32xf32, #pyramid>,
      tensor<1x1x256x32xf32, #pyramid>, tensor<1x1x384xi32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @selection_rank(%p: tensor<1x1x384x32xf32, #pyramid>, %sel: tensor<1x384xi32, #pyramid>) {
  // expected-error @+1 {{expects the selection to be a tensor of rank 3 and static shape, but got}}
  %a, %b, %c = lighthouse.gather %p, %p, %p[%sel] : tensor<1x1x384x32xf32, #pyramid>, tensor<1x1x384x32xf32, #pyramid>,
      tensor<1x1x384x32xf32, #pyramid>, tensor<1x384xi32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @selection_type(%p: tensor<1x1x384x32xf32, #pyramid>, %sel: tensor<1x1x384xi64, #pyramid>) {
  // expected-error @+1 {{operand #3 must be 3D tensor of 32-bit signless integer values, but got}}
  %a, %b, %c = lighthouse.gather %p, %p, %p[%sel] : tensor<1x1x384x32xf32, #pyramid>, tensor<1x1x384x32xf32, #pyramid>,
      tensor<1x1x384x32xf32, #pyramid>, tensor<1x1x384xi64, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @selection_bare(%p: tensor<1x1x384x32xf32, #pyramid>, %sel: tensor<1x1x384xi32>) {
  // expected-error @+1 {{expects the selection to have a #lighthouse.pyramid encoding, but got 'tensor<1x1x384xi32>'}}
  %a, %b, %c = lighthouse.gather %p, %p, %p[%sel] : tensor<1x1x384x32xf32, #pyramid>, tensor<1x1x384x32xf32, #pyramid>,
      tensor<1x1x384x32xf32, #pyramid>, tensor<1x1x384xi32>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @selection_heads(%p: tensor<1x4x384x32xf32, #pyramid>, %sel: tensor<1x2x384xi32, #pyramid>) {
  // expected-error @+1 {{expects the selection to have the batch and query heads 1x4, but got 1x2}}
  %a, %b, %c = lighthouse.gather %p, %p, %p[%sel] : tensor<1x4x384x32xf32, #pyramid>, tensor<1x4x384x32xf32, #pyramid>,
      tensor<1x4x384x32xf32, #pyramid>, tensor<1x2x384xi32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
#shorter = #lighthouse.pyramid<seq_len = 255, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @selection_pyramid(%p: tensor<1x1x384x32xf32, #pyramid>, %sel: tensor<1x1x384xi32, #shorter>) {
  // expected-error @+1 {{expects the selection to be of pq's pyramid #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>, but got #lighthouse.pyramid<seq_len = 255,}}
  %a, %b, %c = lighthouse.gather %p, %p, %p[%sel] : tensor<1x1x384x32xf32, #pyramid>, tensor<1x1x384x32xf32, #pyramid>,
      tensor<1x1x384x32xf32, #pyramid>, tensor<1x1x384xi32, #shorter>
  return
}
