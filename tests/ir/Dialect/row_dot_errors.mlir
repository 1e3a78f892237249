// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

func.func @rank(%a: tensor<1x100x16xf32>) {
  // expected-error @+1 {{expects a to be a tensor of rank 4 and static shape, but got 'tensor<1x100x16xf32>'}}
  %0 = lighthouse.row_dot %a, %a : tensor<1x100x16xf32>, tensor<1x100x16xf32>
  return
}

// -----

func.func @types(%a: tensor<1x1x100x16xf32>, %b: tensor<1x1x100x16xbf16>) {
  // expected-error @+1 {{expects a and b to have the same type, but got 'tensor<1x1x100x16xf32>' and 'tensor<1x1x100x16xbf16>'}}
  %0 = lighthouse.row_dot %a, %b : tensor<1x1x100x16xf32>, tensor<1x1x100x16xbf16>
  return
}
