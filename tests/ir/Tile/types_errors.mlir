// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

// expected-error @+1 {{expects elements of f32, f16, bf16 or i32, but got 'i64'}}
func.func private @f(!tile.view<8xi64>)

// -----

// expected-error @+1 {{expects 1 to 4 dimensions, but got 5}}
func.func private @f(!tile.view<1x1x1x8x8xf32>)

// -----

// expected-error @+1 {{expects 1 to 4 dimensions, but got 0}}
func.func private @f(!tile.view<f32>)

// -----

// expected-error @+1 {{expected 'strided'}}
func.func private @f(!tile.view<8xf32, dense>)

// -----

// expected-error @+1 {{expects elements of f32, f16, bf16, i32 or i64, but got 'f64'}}
func.func private @f(!tile.shared<8xf64>)

// -----

// expected-error @+1 {{expects 1 to 2 dimensions, but got 3}}
func.func private @f(!tile.shared<2x8x8xf32>)

// -----

// expected-error @+1 {{expects dimensions of at least 1, but got 0}}
func.func private @f(!tile.shared<0xf32>)

// -----

// expected-error @+1 {{expects rows of whole chunks of 16 bytes, multiples of 8 elements, but got 12}}
func.func private @f(!tile.shared<8x12xbf16>)

// -----

// expected-error @+1 {{expects rows of whole chunks of 16 bytes, multiples of 4 elements, but got 6}}
func.func private @f(!tile.shared<8x6xf32>)

// -----

// expected-error @+1 {{expected 'panels'}}
func.func private @f(!tile.shared<8x64xbf16, rows>)

// -----

// expected-error @+1 {{expects panels of multiples of 8 rows and 64 columns, but got 12 and 64}}
func.func private @f(!tile.shared<12x64xbf16, panels>)

// -----

// expected-error @+1 {{expects panels of multiples of 8 rows and 64 columns, but got 8 and 96}}
func.func private @f(!tile.shared<8x96xbf16, panels>)

// -----

// expected-error @+1 {{expects panels of multiples of 8 rows and 32 columns, but got 8 and 48}}
func.func private @f(!tile.shared<8x48xf32, panels>)

// -----

// expected-error @+1 {{expects panels of multiples of 8 rows and 32 columns, but got 64 and 1}}
func.func private @f(!tile.shared<64xf32, panels>)

// -----

// expected-error @+1 {{expects 1 to 8 stages, but got 0}}
func.func private @f(!tile.ring<0, !tile.shared<64xf32>>)

// -----

// expected-error @+1 {{expects 1 to 8 stages, but got 9}}
func.func private @f(!tile.ring<9, !tile.shared<64xf32>>)

// -----

// expected-error @+1 {{expects tiles of panels, but got '!tile.shared<64x64xbf16>'}}
func.func private @f(!tile.ring<2, !tile.shared<64x64xbf16>>)

// -----

// expected-error @+1 {{expects a tile of f32 and layout mma, but got 'tensor<64x64xbf16, #tile.mma<warps = 4>>'}}
func.func private @f(!tile.pending<tensor<64x64xbf16, #tile.mma<warps = 4>>>)

// -----

// expected-error @+1 {{expects a tile of f32 and layout mma, but got 'tensor<8x128xf32, #tile.rows<threads = 128, lanes = 16, elements = 8>>'}}
func.func private @f(!tile.pending<tensor<8x128xf32, #tile.rows<threads = 128, lanes = 16, elements = 8>>>)
