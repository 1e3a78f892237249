// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @head_dim(%os: tensor<1x1x300x20xf32>, %sel: tensor<1x1x300xi32, #pyramid>) {
  // expected-error @+1 {{expects head_dim of os to be a multiple of 8 up to 256, but got 20}}
  %out = lighthouse.scatter %os[%sel] : tensor<1x1x300x20xf32>, tensor<1x1x300xi32, #pyramid>
  return
}

// -----

func.func @no_pyramid(%os: tensor<1x1x300x32xf32>, %sel: tensor<1x1x300xi32>) {
  // expected-error @+1 {{expects the selection to have a #lighthouse.pyramid encoding, but got 'tensor<1x1x300xi32>'}}
  %out = lighthouse.scatter %os[%sel] : tensor<1x1x300x32xf32>, tensor<1x1x300xi32>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @batch(%os: tensor<2x1x300x32xf32>, %sel: tensor<1x1x300xi32, #pyramid>) {
  // expected-error @+1 {{expects the selection to have the batch and query heads 2x1, but got 1x1}}
  %out = lighthouse.scatter %os[%sel] : tensor<2x1x300x32xf32>, tensor<1x1x300xi32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @rows(%os: tensor<1x1x300x32xf32>, %sel: tensor<1x1x320xi32, #pyramid>) {
  // expected-error @+1 {{expects os to have a row for each of 320 selected entries, but got 300}}
  %out = lighthouse.scatter %os[%sel] : tensor<1x1x300x32xf32>, tensor<1x1x320xi32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @inverse_rows(%os: tensor<1x1x300x32xf32>, %slots: tensor<1x1x300xi32, #pyramid>) {
  // expected-error @+1 {{expects the inverse selection to have 384 rows as its encoding says, but got 300}}
  %out = lighthouse.scatter %os[inverse %slots] : tensor<1x1x300x32xf32>, tensor<1x1x300xi32, #pyramid>
  return
}

// -----

func.func @inverse_no_pyramid(%os: tensor<1x1x300x32xf32>, %slots: tensor<1x1x384xi32>) {
  // expected-error @+1 {{expects the inverse selection to have a #lighthouse.pyramid encoding, but got 'tensor<1x1x384xi32>'}}
  %out = lighthouse.scatter %os[inverse %slots] : tensor<1x1x300x32xf32>, tensor<1x1x384xi32>
  return
}
