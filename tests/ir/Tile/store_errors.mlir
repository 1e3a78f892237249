// SPDX-License-Identifier: Apache-2.0
// The rules are those of load.
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f(%x: !tile.view<100x32xf32>) blocks 1 threads 32 {
  %v = "test.value"() : () -> tensor<8x32xf32, #rows>
  %at = "test.value"() : () -> tensor<32xi32, #tile.linear<threads = 32>>
  // expected-error @+1 {{'tile.store' op expects a slice of the layout of 'tensor<8x32xf32,}}
  tile.store %v, %x[%at] : (tensor<8x32xf32, #rows>, !tile.view<100x32xf32>, tensor<32xi32, #tile.linear<threads = 32>>)
}

// -----

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f(%x: !tile.view<100xi32>) blocks 1 threads 32 {
  %v = "test.value"() : () -> f32
  %at = "test.value"() : () -> i32
  // expected-error @+1 {{expects elements of the view's type, 'i32', but got 'f32'}}
  tile.store %v, %x[%at] : (f32, !tile.view<100xi32>, i32)
}
