// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
tile.kernel @f() blocks 1 threads 32 {
  // expected-error @+1 {{expects a tile of one dimension, but got 'tensor<16x8xi32, #tile.mma<warps = 1>>'}}
  %0 = tile.range : tensor<16x8xi32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
tile.kernel @f() blocks 1 threads 32 {
  // expected-note @+1 {{prior use here}}
  %x = "test.value"() : () -> f32
  // expected-error @+1 {{use of value '%x' expects different type than prior uses: 'i32' vs 'f32'}}
  %0 = tile.splat %x : tensor<16x8xi32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
tile.kernel @f() blocks 1 threads 32 {
  %x = "test.value"() : () -> tensor<16xf32, #row>
  // expected-error @+1 {{expects elements of 'f32', but got 'tensor<16x8xi32, #tile.mma<warps = 1>>'}}
  %0 = tile.expand %x : tensor<16xf32, #row> to tensor<16x8xi32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
tile.kernel @f() blocks 1 threads 32 {
  %x = "test.value"() : () -> tensor<32xf32, #tile.linear<threads = 32>>
  // expected-error @+1 {{expects a slice of the layout of 'tensor<16x8xf32, #tile.mma<warps = 1>>', but got 'tensor<32xf32, #tile.linear<threads = 32>>'}}
  %0 = tile.expand %x : tensor<32xf32, #tile.linear<threads = 32>> to tensor<16x8xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
tile.kernel @f() blocks 1 threads 32 {
  %x = "test.value"() : () -> tensor<32xf32, #row>
  // expected-error @+1 {{expects a slice of 16 elements for 'tensor<16x8xf32, #tile.mma<warps = 1>>', but got 'tensor<32xf32, #tile.slice<dim = 1, of = #tile.mma<warps = 1>>>'}}
  %0 = tile.expand %x : tensor<32xf32, #row> to tensor<16x8xf32, #mma>
}

// -----

// A slice of another layout.
#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#other = #tile.rows<threads = 32, lanes = 1, elements = 8>
tile.kernel @f() blocks 1 threads 32 {
  %x = "test.value"() : () -> tensor<32xf32, #row>
  // expected-error @+1 {{expects a slice of the layout of 'tensor<32x8xf32, #tile.rows<threads = 32, lanes = 1, elements = 8>>', but got}}
  %0 = tile.expand %x : tensor<32xf32, #row> to tensor<32x8xf32, #other>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
tile.kernel @f() blocks 1 threads 32 {
  %x = "test.value"() : () -> tensor<16x8xf32, #mma>
  // expected-error @+1 {{expects elements of 'f32', but got 'tensor<16xf64, #tile.slice<dim = 1, of = #tile.mma<warps = 1>>>'}}
  %0 = tile.reduce add %x : tensor<16x8xf32, #mma> to tensor<16xf64, #row>
}

// -----

// Columns are not folded.
#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
tile.kernel @f() blocks 1 threads 32 {
  %x = "test.value"() : () -> tensor<16x8xf32, #mma>
  // expected-error @+1 {{expects a slice of the layout of 'tensor<16x8xf32, #tile.mma<warps = 1>>', but got 'tensor<8xf32, #tile.slice<dim = 0, of = #tile.mma<warps = 1>>>'}}
  %0 = tile.reduce add %x : tensor<16x8xf32, #mma> to tensor<8xf32, #column>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
tile.kernel @f() blocks 1 threads 32 {
  %x = "test.value"() : () -> tensor<16xf32, #row>
  // expected-error @+1 {{expects a slice of the layout of 'tensor<16xf32, #tile.slice<dim = 1, of = #tile.mma<warps = 1>>>', but got}}
  %0 = tile.reduce add %x : tensor<16xf32, #row> to tensor<16xf32, #row>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
tile.kernel @f() blocks 1 threads 32 {
  %x = "test.value"() : () -> tensor<16x8xf32, #mma>
  // expected-error @+1 {{expected string or keyword containing one of the following enum values for attribute 'kind' [add, max, maximum, minimum]}}
  %0 = tile.reduce min %x : tensor<16x8xf32, #mma> to tensor<16xf32, #row>
}

// -----

// To eight columns, of every row, of the layout mma.
#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %x = "test.value"() : () -> tensor<16x32xf32, #mma>
  // expected-error @+1 {{expects a slice of the layout of 'tensor<16x32xf32, #tile.mma<warps = 1>>', but got 'tensor<16x16xf32, #tile.mma<warps = 1>>'}}
  %0 = tile.reduce add %x : tensor<16x32xf32, #mma> to tensor<16x16xf32, #mma>
}

// -----

#rows = #tile.rows<threads = 32, lanes = 1, elements = 8>
tile.kernel @f() blocks 1 threads 32 {
  %x = "test.value"() : () -> tensor<32x32xf32, #rows>
  // expected-error @+1 {{expects a slice of the layout of 'tensor<32x32xf32, #tile.rows<threads = 32, lanes = 1, elements = 8>>', but got 'tensor<32x8xf32, #tile.rows<threads = 32, lanes = 1, elements = 8>>'}}
  %0 = tile.reduce add %x : tensor<32x32xf32, #rows> to tensor<32x8xf32, #rows>
}

// -----

#rows = #tile.rows<threads = 32, lanes = 1, elements = 8>
tile.kernel @f() blocks 1 threads 32 {
  %x = "test.value"() : () -> tensor<32x32xf32, #rows>
  // expected-error @+1 {{expects tiles of the same rows and layout mma, but got 'tensor<32x32xf32, #tile.rows<threads = 32, lanes = 1, elements = 8>>' and}}
  %0 = tile.columns %x[0] : tensor<32x32xf32, #rows> to tensor<32x8xf32, #rows>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %x = "test.value"() : () -> tensor<16x32xf32, #mma>
  // expected-error @+1 {{expects tiles of the same rows and layout mma, but got 'tensor<16x32xf32, #tile.mma<warps = 1>>' and 'tensor<32x8xf32, #tile.mma<warps = 1>>'}}
  %0 = tile.columns %x[0] : tensor<16x32xf32, #mma> to tensor<32x8xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %x = "test.value"() : () -> tensor<16x32xf32, #mma>
  // expected-error @+1 {{expects first to be a multiple of 8 and 8 columns from there of 32, but got 4}}
  %0 = tile.columns %x[4] : tensor<16x32xf32, #mma> to tensor<16x8xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %x = "test.value"() : () -> tensor<16x32xf32, #mma>
  // expected-error @+1 {{expects first to be a multiple of 8 and 8 columns from there of 32, but got -8}}
  %0 = tile.columns %x[-8] : tensor<16x32xf32, #mma> to tensor<16x8xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %x = "test.value"() : () -> tensor<16x32xf32, #mma>
  // expected-error @+1 {{expects first to be a multiple of 8 and 16 columns from there of 32, but got 24}}
  %0 = tile.columns %x[24] : tensor<16x32xf32, #mma> to tensor<16x16xf32, #mma>
}
