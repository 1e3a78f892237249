// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

func.func @values(%qs: tensor<1x1x100x16xf32>, %ks: tensor<1x1x100x16xf32>, %vs: tensor<1x1x100x24xf32>, %lse: tensor<1x1x100xf32>, %delta: tensor<1x1x100xf32>, %dos: tensor<1x1x100x16xf32>) {
  // expected-error @+1 {{expects ks and vs to have the same type, but got 'tensor<1x1x100x16xf32>' and 'tensor<1x1x100x24xf32>'}}
  %0, %1, %2 = lighthouse.attend_backward_joined %qs, %ks, %vs, %lse, %delta, %dos {scale = 0.125 : f32} : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x24xf32>, tensor<1x1x100xf32>, tensor<1x1x100xf32>, tensor<1x1x100x16xf32>
  return
}

// -----

func.func @heads(%qs: tensor<1x3x100x16xf32>, %ks: tensor<1x2x100x16xf32>, %vs: tensor<1x2x100x16xf32>, %lse: tensor<1x3x100xf32>, %delta: tensor<1x3x100xf32>, %dos: tensor<1x3x100x16xf32>) {
  // expected-error @+1 {{expects the number of key heads to divide the number of query heads}}
  %0, %1, %2 = lighthouse.attend_backward_joined %qs, %ks, %vs, %lse, %delta, %dos {scale = 0.125 : f32} : tensor<1x3x100x16xf32>, tensor<1x2x100x16xf32>, tensor<1x2x100x16xf32>, tensor<1x3x100xf32>, tensor<1x3x100xf32>, tensor<1x3x100x16xf32>
  return
}

// -----

func.func @dos(%qs: tensor<1x1x100x16xf32>, %ks: tensor<1x1x100x16xf32>, %vs: tensor<1x1x100x16xf32>, %lse: tensor<1x1x100xf32>, %delta: tensor<1x1x100xf32>, %dos: tensor<1x1x100x16xbf16>) {
  // expected-error @+1 {{expects qs and dos to have the same type, but got 'tensor<1x1x100x16xf32>' and 'tensor<1x1x100x16xbf16>'}}
  %0, %1, %2 = lighthouse.attend_backward_joined %qs, %ks, %vs, %lse, %delta, %dos {scale = 0.125 : f32} : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100xf32>, tensor<1x1x100xf32>, tensor<1x1x100x16xbf16>
  return
}

// -----

func.func @lse(%qs: tensor<1x1x100x16xf32>, %ks: tensor<1x1x100x16xf32>, %vs: tensor<1x1x100x16xf32>, %lse: tensor<1x1x90xf32>, %delta: tensor<1x1x100xf32>, %dos: tensor<1x1x100x16xf32>) {
  // expected-error @+1 {{expects [batch, heads, rows] of f32 and lse to have the same type, but got 'tensor<1x1x100xf32>' and 'tensor<1x1x90xf32>'}}
  %0, %1, %2 = lighthouse.attend_backward_joined %qs, %ks, %vs, %lse, %delta, %dos {scale = 0.125 : f32} : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x90xf32>, tensor<1x1x100xf32>, tensor<1x1x100x16xf32>
  return
}

// -----

func.func @delta(%qs: tensor<1x1x100x16xf32>, %ks: tensor<1x1x100x16xf32>, %vs: tensor<1x1x100x16xf32>, %lse: tensor<1x1x100xf32>, %delta: tensor<1x1x90xf32>, %dos: tensor<1x1x100x16xf32>) {
  // expected-error @+1 {{expects [batch, heads, rows] of f32 and delta to have the same type, but got 'tensor<1x1x100xf32>' and 'tensor<1x1x90xf32>'}}
  %0, %1, %2 = lighthouse.attend_backward_joined %qs, %ks, %vs, %lse, %delta, %dos {scale = 0.125 : f32} : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100xf32>, tensor<1x1x90xf32>, tensor<1x1x100x16xf32>
  return
}

// -----

func.func @no_scale(%qs: tensor<1x1x100x16xf32>, %ks: tensor<1x1x100x16xf32>, %vs: tensor<1x1x100x16xf32>, %lse: tensor<1x1x100xf32>, %delta: tensor<1x1x100xf32>, %dos: tensor<1x1x100x16xf32>) {
  // expected-error @+1 {{'lighthouse.attend_backward_joined' op requires attribute 'scale'}}
  %0, %1, %2 = lighthouse.attend_backward_joined %qs, %ks, %vs, %lse, %delta, %dos : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100xf32>, tensor<1x1x100xf32>, tensor<1x1x100x16xf32>
  return
}

// -----

func.func @narrow(%qs: tensor<1x4x100x16xf16>, %ks: tensor<1x2x100x16xf16>, %lse: tensor<1x4x100xf32>) {
  // expected-error @+1 {{expects narrow only where each query head has keys of its own, but got 4 and 2 heads}}
  %0, %1, %2 = lighthouse.attend_backward_joined %qs, %ks, %ks, %lse, %lse, %qs narrow {scale = 0.125 : f32} : tensor<1x4x100x16xf16>, tensor<1x2x100x16xf16>, tensor<1x2x100x16xf16>, tensor<1x4x100xf32>, tensor<1x4x100xf32>, tensor<1x4x100x16xf16>
  return
}
