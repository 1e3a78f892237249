// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

#row = #tile.slice<dim = 1, of = #tile.mma<warps = 1>>
tile.kernel @layout() blocks 1 threads 32 {
  %x = tile.range : tensor<16xi32, #row>
  // expected-error @+1 {{expects a tile of layout linear, but got 'tensor<16xi32, #tile.slice<dim = 1, of = #tile.mma<warps = 1>>>'}}
  %before, %total = tile.scan %x : tensor<16xi32, #row>
}
