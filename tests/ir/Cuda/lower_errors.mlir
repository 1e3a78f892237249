// SPDX-License-Identifier: Apache-2.0
// What has no lowering is refused by name.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm -verify-diagnostics -split-input-file

#mma = #tile.mma<warps = 1>
tile.kernel @half() blocks 1 threads 32 {
  %0 = arith.constant dense<1.0> : tensor<16x16xf16, #mma>
  // expected-error @+1 {{expects 16-bit elements to be converted to f32 first, but got 'f16'}}
  %1 = arith.addf %0, %0 : tensor<16x16xf16, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @select(%x: !tile.view<16x16xf16>) blocks 1 threads 32 {
  %0 = arith.constant dense<1.0> : tensor<16x16xf16, #mma>
  %1 = arith.constant dense<1.0> : tensor<16x16xf32, #mma>
  %2 = arith.cmpf oeq, %1, %1 : tensor<16x16xf32, #mma>
  // expected-error @+1 {{expects the same condition for neighbours of 16 bits}}
  %3 = arith.select %2, %0, %0 : tensor<16x16xi1, #mma>, tensor<16x16xf16, #mma>
}

// -----

#linear = #tile.linear<threads = 32>
tile.kernel @constant() blocks 1 threads 32 {
  // expected-error @+1 {{expects a splat for a tile, but got dense<}}
  %0 = arith.constant dense<[0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]> : tensor<32xi32, #linear>
}

// -----

tile.kernel @word() blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  // expected-error @+1 {{expects to be a word of a tile program or arithmetic on its elements}}
  %0:2 = arith.addui_extended %c, %c : i32, i1
}
