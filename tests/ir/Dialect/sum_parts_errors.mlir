// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

func.func @head_dim(%split: tensor<1x2x300x18xf32>) {
  // expected-error @+1 {{expects head_dim of the parts to be a multiple of 8 up to 256, but got 18}}
  %sum = lighthouse.sum_parts %split {parts = 3} : tensor<1x2x300x18xf32>
  return
}

// -----

func.func @uneven(%split: tensor<1x2x300x16xf32>) {
  // expected-error @+1 {{expects parts to divide the 300 rows, but got 7}}
  %sum = lighthouse.sum_parts %split {parts = 7} : tensor<1x2x300x16xf32>
  return
}

// -----

func.func @none(%split: tensor<1x2x300x16xf32>) {
  // expected-error @+1 {{expects parts to divide the 300 rows, but got 0}}
  %sum = lighthouse.sum_parts %split {parts = 0} : tensor<1x2x300x16xf32>
  return
}
