// SPDX-License-Identifier: Apache-2.0
// Columns of a tile, and elements of a shared tile from one on: they parse, and print as they were.
// RUN: lighthouse-opt %s | FileCheck %s

#mma = #tile.mma<warps = 4>
#column = #tile.slice<dim = 0, of = #mma>

// CHECK-LABEL: tile.kernel @columns
tile.kernel @columns(%out: !tile.view<1x64x64xf32>) blocks 1 threads 128 {
  %sums = arith.constant dense<1.0> : tensor<64x128xf32, #mma>
  // CHECK: tile.columns %{{.+}}[64] : tensor<64x128xf32, #mma> to tensor<64x64xf32, #mma>
  %half = tile.columns %sums[64] : tensor<64x128xf32, #mma> to tensor<64x64xf32, #mma>
  %numbers = tile.alloc : !tile.shared<68xf32>
  %first = tile.block_id
  // CHECK: tile.read %{{.+}} from %{{.+}} : (!tile.shared<68xf32>, i32) -> tensor<64xf32, #a_column>
  %some = tile.read %numbers from %first : (!tile.shared<68xf32>, i32) -> tensor<64xf32, #column>
}
