// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<32xf32>
  %v = "test.value"() : () -> tensor<32xf32, #linear>
  %m = "test.value"() : () -> tensor<32xi1, #linear>
  // expected-error @+1 {{expects a mask only beside an index tile, but got one without}}
  tile.write %v, %s mask %m : (tensor<32xf32, #linear>, !tile.shared<32xf32>, tensor<32xi1, #linear>)
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<32xf32>
  %v = "test.value"() : () -> tensor<32xf32, #linear>
  %at = "test.value"() : () -> tensor<32xi32, #linear>
  %m = "test.value"() : () -> tensor<64xi1, #linear>
  // expected-error @+1 {{expects a mask of the shape and layout of 'tensor<32xf32, #tile.linear<threads = 32>>', but got 'tensor<64xi1, #tile.linear<threads = 32>>'}}
  tile.write %v, %s[%at] mask %m : (tensor<32xf32, #linear>, !tile.shared<32xf32>, tensor<32xi32, #linear>, tensor<64xi1, #linear>)
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<32xf32>
  %v = "test.value"() : () -> tensor<32xf32, #linear>
  %at = "test.value"() : () -> tensor<32xi32, #linear>
  %m = "test.value"() : () -> tensor<32xi1, #row>
  // expected-error @+1 {{expects a mask of the shape and layout of 'tensor<32xf32, #tile.linear<threads = 32>>', but got 'tensor<32xi1, #tile.slice<dim = 1, of = #tile.mma<warps = 1>>>'}}
  tile.write %v, %s[%at] mask %m : (tensor<32xf32, #linear>, !tile.shared<32xf32>, tensor<32xi32, #linear>, tensor<32xi1, #row>)
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<16x16xf32>
  %v = "test.value"() : () -> tensor<16x16xbf16, #mma>
  // expected-error @+1 {{expects elements of 'f32', but got 'tensor<16x16xbf16, #tile.mma<warps = 1>>'}}
  tile.write %v, %s : (tensor<16x16xbf16, #mma>, !tile.shared<16x16xf32>)
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<16x16xf32>
  %v = "test.value"() : () -> tensor<16x8xf32, #mma>
  // expected-error @+1 {{expects the shape of the shared tile, '!tile.shared<16x16xf32>', but got 'tensor<16x8xf32, #tile.mma<warps = 1>>'}}
  tile.write %v, %s : (tensor<16x8xf32, #mma>, !tile.shared<16x16xf32>)
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<16x16xf32>
  %v = "test.value"() : () -> tensor<16x16xf32, #mma>
  %at = "test.value"() : () -> tensor<16x16xi32, #mma>
  // expected-error @+1 {{expects an index for each element of a shared tile of one dimension, but got}}
  tile.write %v, %s[%at] : (tensor<16x16xf32, #mma>, !tile.shared<16x16xf32>, tensor<16x16xi32, #mma>)
}
