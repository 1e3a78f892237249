// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect

#row = #tile.slice<dim = 1, of = #tile.mma<warps = 1>>
tile.kernel @f() blocks 1 threads 32 {
  %x = "test.value"() : () -> tensor<16xi32, #row>
  // expected-error @+1 {{expects a tile of layout linear, but got 'tensor<16xi32, #tile.slice<dim = 1, of = #tile.mma<warps = 1>>>'}}
  %b, %t = tile.scan %x : tensor<16xi32, #row>
}

// -----

#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<256xi64>
  %at = "test.value"() : () -> tensor<32xi32, #linear>
  // expected-error @+1 {{expects a shared tile of one dimension of i32, but got '!tile.shared<256xi64>'}}
  tile.count %s[%at] : !tile.shared<256xi64>, tensor<32xi32, #linear>
}

// -----

#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<8x8xi32>
  %at = "test.value"() : () -> tensor<32xi32, #linear>
  // expected-error @+1 {{expects a shared tile of one dimension of i32, but got '!tile.shared<8x8xi32>'}}
  tile.count %s[%at] : !tile.shared<8x8xi32>, tensor<32xi32, #linear>
}

// -----

#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<256xi32>
  %at = "test.value"() : () -> tensor<32xi32, #linear>
  %m = "test.value"() : () -> tensor<64xi1, #linear>
  // expected-error @+1 {{expects a mask of the shape and layout of 'tensor<32xi32, #tile.linear<threads = 32>>', but got 'tensor<64xi1, #tile.linear<threads = 32>>'}}
  tile.count %s[%at] mask %m : !tile.shared<256xi32>, tensor<32xi32, #linear>, tensor<64xi1, #linear>
}

// -----

tile.kernel @f(%x: !tile.view<100xf32>) blocks 1 threads 32 {
  %c = "test.value"() : () -> i32
  // expected-error @+1 {{expects a view of i32, but got '!tile.view<100xf32>'}}
  tile.fill %c, %x[%c] {count = 4} : !tile.view<100xf32>
}

// -----

tile.kernel @f(%x: !tile.view<2x100xi32>) blocks 1 threads 32 {
  %c = "test.value"() : () -> i32
  // expected-error @+1 {{expects 2 coordinates for '!tile.view<2x100xi32>', but got 1}}
  tile.fill %c, %x[%c] {count = 4} : !tile.view<2x100xi32>
}

// -----

tile.kernel @f(%x: !tile.view<100xi32>) blocks 1 threads 32 {
  %c = "test.value"() : () -> i32
  // expected-error @+1 {{expects 1 to 100 elements, but got 101}}
  tile.fill %c, %x[%c] {count = 101} : !tile.view<100xi32>
}

// -----

tile.kernel @f(%x: !tile.view<100xi32>) blocks 1 threads 32 {
  %c = "test.value"() : () -> i32
  // expected-error @+1 {{expects 1 to 100 elements, but got -1}}
  tile.fill %c, %x[%c] {count = -1} : !tile.view<100xi32>
}

// -----

// What is filled is stored to.
// expected-error @+1 {{expects a view to be loaded or stored to, not both, but got argument 0}}
tile.kernel @f(%x: !tile.view<100xi32>) blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %0 = tile.load %x[%c] : (!tile.view<100xi32>, i32) -> i32
  tile.fill %0, %x[%c] {count = 100} : !tile.view<100xi32>
}

// -----

tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<256xi32>
  // expected-error @+1 {{expects a scalar index for a scalar, but got none}}
  %0 = tile.read %s : (!tile.shared<256xi32>) -> i32
}

// -----

#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<256xi32>
  %at = "test.value"() : () -> tensor<32xi32, #linear>
  // expected-error @+1 {{expects a scalar index for a scalar, but got an index tile}}
  %0 = tile.read %s[%at] : (!tile.shared<256xi32>, tensor<32xi32, #linear>) -> i32
}

// -----

tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<256xf32>
  %at = "test.value"() : () -> i32
  // expected-error @+1 {{expects a shared tile of one dimension of 'i32', but got '!tile.shared<256xf32>'}}
  %0 = tile.read %s[%at] : (!tile.shared<256xf32>, i32) -> i32
}

// -----

#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<256xi32>
  %at = "test.value"() : () -> i32
  // expected-error @+1 {{expects a scalar for a scalar index, but got 'tensor<32xi32, #tile.linear<threads = 32>>'}}
  %0 = tile.read %s[%at] : (!tile.shared<256xi32>, i32) -> tensor<32xi32, #linear>
}
