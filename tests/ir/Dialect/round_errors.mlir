// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

func.func @rank(%rows: tensor<4x100x16xf32>) {
  // expected-error @+1 {{expects the rows to be a tensor of rank 4 and static shape, but got 'tensor<4x100x16xf32>'}}
  %0 = lighthouse.round %rows {element_type = bf16} : tensor<4x100x16xf32>
  return
}

// -----

func.func @wider(%rows: tensor<1x4x100x16xf32>) {
  // expected-error @+1 {{expects rows of f32 and element_type to be bf16 or f16, but got 'f32' and 'f32'}}
  %0 = lighthouse.round %rows {element_type = f32} : tensor<1x4x100x16xf32>
  return
}

// -----

func.func @narrow(%rows: tensor<1x4x100x16xbf16>) {
  // expected-error @+1 {{expects rows of f32 and element_type to be bf16 or f16, but got 'bf16' and 'f16'}}
  %0 = lighthouse.round %rows {element_type = f16} : tensor<1x4x100x16xbf16>
  return
}
