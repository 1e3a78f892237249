// SPDX-License-Identifier: Apache-2.0
// What `columns`, and `read` from an element on, refuse.
// RUN: lighthouse-opt %s -split-input-file -verify-diagnostics

#mma = #tile.mma<warps = 4>
tile.kernel @beyond(%out: !tile.view<1x64x64xf32>) blocks 1 threads 128 {
  %sums = arith.constant dense<1.0> : tensor<64x128xf32, #mma>
  // expected-error @+1 {{expects first to be a multiple of 8 and 64 columns from there of 128, but got 72}}
  %half = tile.columns %sums[72] : tensor<64x128xf32, #mma> to tensor<64x64xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @between(%out: !tile.view<1x64x64xf32>) blocks 1 threads 128 {
  %sums = arith.constant dense<1.0> : tensor<64x128xf32, #mma>
  // expected-error @+1 {{expects first to be a multiple of 8 and 64 columns from there of 128, but got 4}}
  %half = tile.columns %sums[4] : tensor<64x128xf32, #mma> to tensor<64x64xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @rows(%out: !tile.view<1x64x64xf32>) blocks 1 threads 128 {
  %sums = arith.constant dense<1.0> : tensor<128x128xf32, #mma>
  // expected-error @+1 {{expects tiles of the same rows and layout mma, but got}}
  %half = tile.columns %sums[0] : tensor<128x128xf32, #mma> to tensor<64x64xf32, #mma>
}

// -----

#column = #tile.slice<dim = 0, of = #tile.mma<warps = 4>>
tile.kernel @more(%out: !tile.view<1x64x64xf32>) blocks 1 threads 128 {
  %numbers = tile.alloc : !tile.shared<32xf32>
  %first = tile.block_id
  // expected-error @+1 {{expects fewer elements of 4 bytes of a shared tile of one dimension, and no index, but got}}
  %some = tile.read %numbers from %first : (!tile.shared<32xf32>, i32) -> tensor<64xf32, #column>
}
