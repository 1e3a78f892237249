// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

#linear = #tile.linear<threads = 32>
tile.kernel @element() blocks 1 threads 32 {
  %bins = tile.alloc : !tile.shared<256xf32>
  %at = tile.range : tensor<32xi32, #linear>
  // expected-error @+1 {{expects a shared tile of one dimension of i32, but got '!tile.shared<256xf32>'}}
  tile.count %bins[%at] : !tile.shared<256xf32>, tensor<32xi32, #linear>
}

// -----

#linear = #tile.linear<threads = 32>
tile.kernel @mask() blocks 1 threads 32 {
  %bins = tile.alloc : !tile.shared<256xi32>
  %at = tile.range : tensor<32xi32, #linear>
  %mask = arith.constant dense<true> : tensor<64xi1, #linear>
  // expected-error @+1 {{expects a mask of the shape and layout of 'tensor<32xi32, #tile.linear<threads = 32>>', but got 'tensor<64xi1, #tile.linear<threads = 32>>'}}
  tile.count %bins[%at] mask %mask : !tile.shared<256xi32>, tensor<32xi32, #linear>, tensor<64xi1, #linear>
}
