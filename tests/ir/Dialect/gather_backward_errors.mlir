// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @head_dim(%dqs: tensor<1x4x300x300xf32>, %sel: tensor<1x4x300xi32, #pyramid>) {
  // expected-error @+1 {{expects head_dim of dqs to be a multiple of 8 up to 256, but got 300}}
  %a, %b, %c = lighthouse.gather_backward %dqs, %dqs, %dqs[%sel] {num_kv_heads = 2} : tensor<1x4x300x300xf32>, tensor<1x4x300xi32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @no_kv_heads(%dqs: tensor<1x4x300x16xf32>, %sel: tensor<1x4x300xi32, #pyramid>) {
  // expected-error @+1 {{expects the attribute "num_kv_heads", but got none}}
  %a, %b, %c = lighthouse.gather_backward %dqs, %dqs, %dqs[%sel] : tensor<1x4x300x16xf32>, tensor<1x4x300xi32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @kv_heads_type(%dqs: tensor<1x4x300x16xf32>, %sel: tensor<1x4x300xi32, #pyramid>) {
  // expected-error @+1 {{expects "num_kv_heads" to be an integer, but got "two"}}
  %a, %b, %c = lighthouse.gather_backward %dqs, %dqs, %dqs[%sel] {num_kv_heads = "two"} : tensor<1x4x300x16xf32>, tensor<1x4x300xi32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @kv_heads(%dqs: tensor<1x4x300x16xf32>, %sel: tensor<1x4x300xi32, #pyramid>) {
  // expected-error @+1 {{expects num_kv_heads to divide the 4 query heads, but got 3}}
  %a, %b, %c = lighthouse.gather_backward %dqs, %dqs, %dqs[%sel] {num_kv_heads = 3} : tensor<1x4x300x16xf32>, tensor<1x4x300xi32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @kv_heads_zero(%dqs: tensor<1x4x300x16xf32>, %sel: tensor<1x4x300xi32, #pyramid>) {
  // expected-error @+1 {{expects num_kv_heads to divide the 4 query heads, but got 0}}
  %a, %b, %c = lighthouse.gather_backward %dqs, %dqs, %dqs[%sel] {num_kv_heads = 0} : tensor<1x4x300x16xf32>, tensor<1x4x300xi32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @rows(%dqs: tensor<1x4x300x16xf32>, %sel: tensor<1x4x320xi32, #pyramid>) {
  // expected-error @+1 {{expects dqs to have a row for each of 320 selected entries, but got 300}}
  %a, %b, %c = lighthouse.gather_backward %dqs, %dqs, %dqs[%sel] {num_kv_heads = 2} : tensor<1x4x300x16xf32>, tensor<1x4x320xi32, #pyramid>
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @inverse_rows(%dqs: tensor<1x4x300x16xf32>, %slots: tensor<1x4x300xi32, #pyramid>) {
  // expected-error @+1 {{expects the inverse selection to have 384 rows as its encoding says, but got 300}}
  %a, %b, %c = lighthouse.gather_backward %dqs, %dqs, %dqs[inverse %slots] {num_kv_heads = 2} : tensor<1x4x300x16xf32>, tensor<1x4x300xi32, #pyramid>
  return
}

// -----

// Written out in full, the three gradients can differ.
#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
!rows = tensor<1x4x300x16xf32>
!half = tensor<1x4x300x16xbf16>
!pyramid = tensor<1x4x384x16xf32, #pyramid>
func.func @dks(%dqs: !rows, %dks: !half, %sel: tensor<1x4x300xi32, #pyramid>) {
  // expected-error @+2 {{expects dqs and dks to have the same type, but got 'tensor<1x4x300x16xf32>' and 'tensor<1x4x300x16xbf16>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %a:3 = "lighthouse.gather_backward"(%dqs, %dks, %dqs, %sel) {num_kv_heads = 4 : i64} : (!rows, !half, !rows, tensor<1x4x300xi32, #pyramid>) -> (!pyramid, !pyramid, !pyramid)
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
!rows = tensor<1x4x300x16xf32>
!half = tensor<1x4x300x16xbf16>
!pyramid = tensor<1x4x384x16xf32, #pyramid>
func.func @dvs(%dqs: !rows, %dvs: !half, %sel: tensor<1x4x300xi32, #pyramid>) {
  // expected-error @+2 {{expects dqs and dvs to have the same type, but got 'tensor<1x4x300x16xf32>' and 'tensor<1x4x300x16xbf16>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %a:3 = "lighthouse.gather_backward"(%dqs, %dqs, %dvs, %sel) {num_kv_heads = 4 : i64} : (!rows, !rows, !half, tensor<1x4x300xi32, #pyramid>) -> (!pyramid, !pyramid, !pyramid)
  return
}
