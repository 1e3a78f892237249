// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

tile.kernel @types() blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  // expected-note @+1 {{prior use here}}
  %even = tile.alloc : !tile.shared<16x16xf16>
  %odd = tile.alloc : !tile.shared<16x16xbf16>
  // expected-error @+1 {{use of value '%even' expects different type than prior uses: '!tile.shared<16x16xbf16>' vs '!tile.shared<16x16xf16>'}}
  %now = tile.choose %even, %odd by %c : !tile.shared<16x16xbf16>
}

// -----

tile.kernel @generic() blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %even = tile.alloc : !tile.shared<16xf32>
  %odd = tile.alloc : !tile.shared<32xf32>
  // expected-error @+1 {{failed to verify that all of {first, second, result} have same type}}
  %now = "tile.choose"(%even, %odd, %c) : (!tile.shared<16xf32>, !tile.shared<32xf32>, i32) -> !tile.shared<16xf32>
}

// -----

tile.kernel @view(%x: !tile.view<16xf32>) blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  // expected-error @+1 {{operand #0 must be}}
  %now = "tile.choose"(%x, %x, %c) : (!tile.view<16xf32>, !tile.view<16xf32>, i32) -> !tile.view<16xf32>
}
