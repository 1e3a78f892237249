// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f(%x: !tile.view<2x100x32xf32>) blocks 1 threads 32 {
  %c0 = "test.value"() : () -> i32
  %c1 = "test.value"() : () -> tensor<8xi32, #row>
  // expected-error @+1 {{expects elements of the view's type, 'f32', but got 'tensor<8x32xbf16,}}
  %0 = tile.load %x[%c0, %c1] : (!tile.view<2x100x32xf32>, i32, tensor<8xi32, #row>) -> tensor<8x32xbf16, #rows>
}

// -----

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f(%x: !tile.view<2x100x32xf32>) blocks 1 threads 32 {
  %c0 = "test.value"() : () -> tensor<8xi32, #row>
  %c1 = "test.value"() : () -> i32
  // expected-error @+1 {{expects only the last coordinate to be a tile, but got one at 0}}
  %0 = tile.load %x[%c0, %c1] : (!tile.view<2x100x32xf32>, tensor<8xi32, #row>, i32) -> tensor<8x32xf32, #rows>
}

// -----

// A row has no coordinate for its columns.
#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f(%x: !tile.view<2x100x32xf32>) blocks 1 threads 32 {
  %c0 = "test.value"() : () -> i32
  %c1 = "test.value"() : () -> i32
  %c2 = "test.value"() : () -> tensor<8xi32, #row>
  // expected-error @+1 {{expects 2 coordinates for '!tile.view<2x100x32xf32>', but got 3}}
  %0 = tile.load %x[%c0, %c1, %c2] : (!tile.view<2x100x32xf32>, i32, i32, tensor<8xi32, #row>) -> tensor<8x32xf32, #rows>
}

// -----

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f(%x: !tile.view<2x100xi32>) blocks 1 threads 32 {
  %c0 = "test.value"() : () -> i32
  // expected-error @+1 {{expects 2 coordinates for '!tile.view<2x100xi32>', but got 1}}
  %0 = tile.load %x[%c0] : (!tile.view<2x100xi32>, i32) -> i32
}

// -----

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f(%x: !tile.view<2x100x32xf32>) blocks 1 threads 32 {
  %c0 = "test.value"() : () -> i32
  %c1 = "test.value"() : () -> i32
  // expected-error @+1 {{expects a tile coordinate for a tile and none for a scalar, but got 'tensor<8x32xf32,}}
  %0 = tile.load %x[%c0, %c1] : (!tile.view<2x100x32xf32>, i32, i32) -> tensor<8x32xf32, #rows>
}

// -----

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f(%x: !tile.view<100xi32>) blocks 1 threads 32 {
  %c0 = "test.value"() : () -> tensor<32xi32, #tile.linear<threads = 32>>
  // expected-error @+1 {{expects a tile coordinate for a tile and none for a scalar, but got 'i32'}}
  %0 = tile.load %x[%c0] : (!tile.view<100xi32>, tensor<32xi32, #tile.linear<threads = 32>>) -> i32
}

// -----

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f(%x: !tile.view<100xi32>) blocks 1 threads 32 {
  %c0 = "test.value"() : () -> i32
  %mask = "test.value"() : () -> tensor<8xi1, #row>
  // expected-error @+1 {{expects a mask for tiles only, but got a scalar access}}
  %0 = tile.load %x[%c0] mask %mask : (!tile.view<100xi32>, i32, tensor<8xi1, #row>) -> i32
}

// -----

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f(%x: !tile.view<100x32xf32>) blocks 1 threads 32 {
  %c0 = "test.value"() : () -> tensor<8xi32, #row>
  // expected-error @+1 {{expects a tile of layout rows or mma, but got 'tensor<8x32xf32>'}}
  %0 = tile.load %x[%c0] : (!tile.view<100x32xf32>, tensor<8xi32, #row>) -> tensor<8x32xf32>
}

// -----

// Lanes read 16 bytes at once.
#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f(%x: !tile.view<100x30xf32>) blocks 1 threads 32 {
  %c0 = "test.value"() : () -> tensor<8xi32, #row>
  // expected-error @+1 {{expects a view whose rows are whole chunks of 16 bytes, but got '!tile.view<100x30xf32>'}}
  %0 = tile.load %x[%c0] : (!tile.view<100x30xf32>, tensor<8xi32, #row>) -> tensor<8x32xf32, #rows>
}

// -----

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f(%x: !tile.view<100x40xf32>) blocks 1 threads 32 {
  %c0 = "test.value"() : () -> tensor<8xi32, #row>
  // expected-error @+1 {{expects columns for a row of '!tile.view<100x40xf32>', but got 'tensor<8x32xf32,}}
  %0 = tile.load %x[%c0] : (!tile.view<100x40xf32>, tensor<8xi32, #row>) -> tensor<8x32xf32, #rows>
}

// -----

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f(%x: !tile.view<100x32xf32>) blocks 1 threads 32 {
  %c0 = "test.value"() : () -> tensor<32xi32, #tile.linear<threads = 32>>
  // expected-error @+1 {{expects a slice of the layout of 'tensor<8x32xf32, #tile.rows<threads = 32, lanes = 4, elements = 8>>', but got 'tensor<32xi32, #tile.linear<threads = 32>>'}}
  %0 = tile.load %x[%c0] : (!tile.view<100x32xf32>, tensor<32xi32, #tile.linear<threads = 32>>) -> tensor<8x32xf32, #rows>
}

// -----

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f(%x: !tile.view<100x32xf32>) blocks 1 threads 32 {
  %c0 = "test.value"() : () -> tensor<8xi32, #row>
  // expected-error @+1 {{expects a slice of 16 elements for 'tensor<16x32xf32,}}
  %0 = tile.load %x[%c0] : (!tile.view<100x32xf32>, tensor<8xi32, #row>) -> tensor<16x32xf32, #rows>
}

// -----

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f(%x: !tile.view<100xi32>) blocks 1 threads 32 {
  %c0 = "test.value"() : () -> tensor<32xi32, #tile.linear<threads = 32>>
  // expected-error @+1 {{expects a coordinate for each element of 'tensor<8xi32, #tile.slice<dim = 1, of = #tile.rows<threads = 32, lanes = 4, elements = 8>>>', but got 'tensor<32xi32, #tile.linear<threads = 32>>'}}
  %0 = tile.load %x[%c0] : (!tile.view<100xi32>, tensor<32xi32, #tile.linear<threads = 32>>) -> tensor<8xi32, #row>
}

// -----

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f(%x: !tile.view<100xi32>) blocks 1 threads 32 {
  %c0 = "test.value"() : () -> tensor<32xi32, #tile.linear<threads = 32>>
  %mask = "test.value"() : () -> tensor<64xi1, #tile.linear<threads = 32>>
  // expected-error @+1 {{expects a mask of the shape and layout of the coordinate, 'tensor<32xi32, #tile.linear<threads = 32>>', but got 'tensor<64xi1, #tile.linear<threads = 32>>'}}
  %0 = tile.load %x[%c0] mask %mask : (!tile.view<100xi32>, tensor<32xi32, #tile.linear<threads = 32>>, tensor<64xi1, #tile.linear<threads = 32>>) -> tensor<32xi32, #tile.linear<threads = 32>>
}

// -----

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
#other = #tile.slice<dim = 1, of = #tile.rows<threads = 32, lanes = 4, elements = 4>>
tile.kernel @f(%x: !tile.view<100xi32>) blocks 1 threads 32 {
  %c0 = "test.value"() : () -> tensor<8xi32, #row>
  %mask = "test.value"() : () -> tensor<8xi1, #other>
  // expected-error @+1 {{expects a mask of the shape and layout of the coordinate, 'tensor<8xi32,}}
  %0 = tile.load %x[%c0] mask %mask : (!tile.view<100xi32>, tensor<8xi32, #row>, tensor<8xi1, #other>) -> tensor<8xi32, #row>
}
