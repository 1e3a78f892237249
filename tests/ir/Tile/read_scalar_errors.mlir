// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

tile.kernel @no_index() blocks 1 threads 32 {
  %s = tile.alloc : !tile.shared<4xi32>
  // expected-error @+1 {{expects a scalar index for a scalar, but got none}}
  %0 = tile.read %s : (!tile.shared<4xi32>) -> i32
}

// -----

tile.kernel @index_tile() blocks 1 threads 32 {
  %s = tile.alloc : !tile.shared<4xi32>
  %at = tile.range : tensor<32xi32, #tile.linear<threads = 32>>
  // expected-error @+1 {{expects a scalar index for a scalar, but got an index tile}}
  %0 = tile.read %s[%at] : (!tile.shared<4xi32>, tensor<32xi32, #tile.linear<threads = 32>>) -> i32
}

// -----

tile.kernel @tile() blocks 1 threads 32 {
  %s = tile.alloc : !tile.shared<32xi32>
  %c0 = arith.constant 0 : i32
  // expected-error @+1 {{expects a scalar for a scalar index, but got 'tensor<32xi32, #tile.linear<threads = 32>>'}}
  %0 = tile.read %s[%c0] : (!tile.shared<32xi32>, i32) -> tensor<32xi32, #tile.linear<threads = 32>>
}

// -----

tile.kernel @element() blocks 1 threads 32 {
  %s = tile.alloc : !tile.shared<4xf32>
  %c0 = arith.constant 0 : i32
  // expected-error @+1 {{expects a shared tile of one dimension of 'i32', but got '!tile.shared<4xf32>'}}
  %0 = tile.read %s[%c0] : (!tile.shared<4xf32>, i32) -> i32
}

// -----

tile.kernel @f() blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %s = tile.alloc : !tile.shared<32xf32>
  // expected-error @+1 {{expects a tile for the elements from one on, but got 'f32'}}
  %0 = tile.read %s[%c] from %c : (!tile.shared<32xf32>, i32, i32) -> f32
}
