// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

func.func @length(%qs: tensor<1x1x100x64xf32>, %ks: tensor<1x1x90x64xf32>) {
  // expected-error @+1 {{expects qs and ks to differ in their number of heads only, but got 'tensor<1x1x100x64xf32>' and 'tensor<1x1x90x64xf32>'}}
  %a, %b = lighthouse.attend %qs, %ks, %ks {scale = 0.125 : f32} : tensor<1x1x100x64xf32>, tensor<1x1x90x64xf32>, tensor<1x1x90x64xf32>
  return
}

// -----

func.func @head_dim(%qs: tensor<1x1x100x64xf32>, %ks: tensor<1x1x100x32xf32>) {
  // expected-error @+1 {{expects qs and ks to differ in their number of heads only, but got 'tensor<1x1x100x64xf32>' and 'tensor<1x1x100x32xf32>'}}
  %a, %b = lighthouse.attend %qs, %ks, %ks {scale = 0.125 : f32} : tensor<1x1x100x64xf32>, tensor<1x1x100x32xf32>, tensor<1x1x100x32xf32>
  return
}

// -----

func.func @no_scale(%qs: tensor<1x1x100x64xf32>) {
  // expected-error @+1 {{'lighthouse.attend' op requires attribute 'scale'}}
  %a, %b = lighthouse.attend %qs, %qs, %qs : tensor<1x1x100x64xf32>, tensor<1x1x100x64xf32>, tensor<1x1x100x64xf32>
  return
}

// -----

func.func @scale_type(%qs: tensor<1x1x100x64xf32>) {
  // expected-error @+1 {{attribute 'scale' failed to satisfy constraint: 32-bit float attribute}}
  %a, %b = lighthouse.attend %qs, %qs, %qs {scale = 0.125 : f64} : tensor<1x1x100x64xf32>, tensor<1x1x100x64xf32>, tensor<1x1x100x64xf32>
  return
}

// -----

func.func @heads(%qs: tensor<1x4x100x64xf32>, %ks: tensor<1x8x100x64xf32>, %vs: tensor<1x3x100x64xf32>) {
  // expected-error @+1 {{expects the number of heads of vs to divide the largest of all three, 8, but got 3}}
  %a, %b = lighthouse.attend %qs, %ks, %vs {scale = 0.125 : f32} : tensor<1x4x100x64xf32>, tensor<1x8x100x64xf32>, tensor<1x3x100x64xf32>
  return
}
