// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

tile.kernel @element(%x: !tile.view<2x100xf32>) blocks 2 threads 32 {
  %c = arith.constant 0 : i32
  // expected-error @+1 {{expects a view of i32, but got '!tile.view<2x100xf32>'}}
  tile.fill %c, %x[%c, %c] {count = 8} : !tile.view<2x100xf32>
}

// -----

tile.kernel @coordinates(%x: !tile.view<2x100xi32>) blocks 2 threads 32 {
  %c = arith.constant 0 : i32
  // expected-error @+1 {{expects 2 coordinates for '!tile.view<2x100xi32>', but got 1}}
  tile.fill %c, %x[%c] {count = 8} : !tile.view<2x100xi32>
}

// -----

tile.kernel @count(%x: !tile.view<2x100xi32>) blocks 2 threads 32 {
  %c = arith.constant 0 : i32
  // expected-error @+1 {{expects 1 to 100 elements, but got 101}}
  tile.fill %c, %x[%c, %c] {count = 101} : !tile.view<2x100xi32>
}

// -----

tile.kernel @negative(%x: !tile.view<100xi32>) blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  // expected-error @+1 {{expects 1 to 100 elements, but got -1}}
  tile.fill %c, %x[%c] {count = -1} : !tile.view<100xi32>
}

// -----

// What is filled is not loaded from.
// expected-error @+1 {{expects a view to be loaded or stored to, not both, but got argument 0 of type '!tile.view<100xi32>'}}
tile.kernel @loaded(%x: !tile.view<100xi32>) blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  tile.fill %c, %x[%c] {count = 8} : !tile.view<100xi32>
  %0 = tile.load %x[%c] : (!tile.view<100xi32>, i32) -> i32
}
