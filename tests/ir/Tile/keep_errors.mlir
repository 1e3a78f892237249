// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

#row = #tile.slice<dim = 1, of = #tile.mma<warps = 1>>
tile.kernel @slice() blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %x = arith.constant dense<1.0> : tensor<16xf32, #row>
  // expected-error @+1 {{expects a tile of layout rows or mma, but got 'tensor<16xf32, #tile.slice<dim = 1, of = #tile.mma<warps = 1>>>'}}
  %0 = tile.keep lower %x, %c else 0.0 : tensor<16xf32, #row>
}

// -----

#linear = #tile.linear<threads = 32>
tile.kernel @linear() blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %x = arith.constant dense<1.0> : tensor<32xf32, #linear>
  // expected-error @+1 {{expects a tile of layout rows or mma, but got 'tensor<32xf32, #tile.linear<threads = 32>>'}}
  %0 = tile.keep lower %x, %c else 0.0 : tensor<32xf32, #linear>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @element() blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %x = arith.constant dense<1.0> : tensor<16x8xbf16, #mma>
  // expected-error @+1 {{operand #0 must be}}
  %0 = tile.keep lower %x, %c else 0.0 : tensor<16x8xbf16, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @side() blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %x = arith.constant dense<1.0> : tensor<16x8xf32, #mma>
  // expected-error @+1 {{expected string or keyword containing one of the following enum values for attribute 'side' [lower, upper]}}
  %0 = tile.keep left %x, %c else 0.0 : tensor<16x8xf32, #mma>
}
