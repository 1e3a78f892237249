// SPDX-License-Identifier: Apache-2.0
// What sizes a tile of a layout may have.
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

// expected-error @+1 {{expects a tile of 2 dimensions for the layout rows, but got 1}}
func.func private @f(tensor<8xf32, #tile.rows<threads = 128, lanes = 16, elements = 8>>)

// -----

// Eight groups of 16 lanes.
// expected-error @+1 {{expects dimension 0 of a tile of layout rows to be a multiple of 8, but got 12}}
func.func private @f(tensor<12x128xf32, #tile.rows<threads = 128, lanes = 16, elements = 8>>)

// -----

// expected-error @+1 {{expects dimension 1 of a tile of layout rows to be a multiple of 128, but got 64}}
func.func private @f(tensor<8x64xf32, #tile.rows<threads = 128, lanes = 16, elements = 8>>)

// -----

// expected-error @+1 {{expects a tile of 2 dimensions for the layout mma, but got 3}}
func.func private @f(tensor<64x8x8xf32, #tile.mma<warps = 4>>)

// -----

// expected-error @+1 {{expects dimension 0 of a tile of layout mma to be a multiple of 64, but got 32}}
func.func private @f(tensor<32x8xf32, #tile.mma<warps = 4>>)

// -----

// expected-error @+1 {{expects dimension 1 of a tile of layout mma to be a multiple of 8, but got 12}}
func.func private @f(tensor<64x12xf32, #tile.mma<warps = 4>>)

// -----

// expected-error @+1 {{expects a tile of 1 dimensions for the layout linear, but got 2}}
func.func private @f(tensor<64x8xf32, #tile.linear<threads = 128>>)

// -----

// expected-error @+1 {{expects dimension 0 of a tile of layout linear to be a multiple of 128, but got 64}}
func.func private @f(tensor<64xf32, #tile.linear<threads = 128>>)

// -----

// expected-error @+1 {{expects a tile of 1 dimension for the layout slice, but got 2}}
func.func private @f(tensor<64x8xf32, #tile.slice<dim = 1, of = #tile.mma<warps = 4>>>)

// -----

// One value a row of 64.
// expected-error @+1 {{expects dimension 0 of a tile of layout mma to be a multiple of 64, but got 32}}
func.func private @f(tensor<32xf32, #tile.slice<dim = 1, of = #tile.mma<warps = 4>>>)

// -----

// One value a column, of which there are eight at least.
// expected-error @+1 {{expects dimension 1 of a tile of layout mma to be a multiple of 8, but got 12}}
func.func private @f(tensor<12xf32, #tile.slice<dim = 0, of = #tile.mma<warps = 4>>>)
