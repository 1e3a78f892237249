// SPDX-License-Identifier: Apache-2.0
// Words that stay in registers.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>

// CHECK-LABEL: tile.kernel @registers
// CHECK: tile.block_id
// CHECK: tile.range : tensor<16xi32, #a_row>
// CHECK: tile.splat %{{.+}} : tensor<16x8xf32, #mma>
// CHECK: tile.reduce max %{{.+}} : tensor<16x8xf32, #mma> to tensor<16xf32, #a_row>
// CHECK: tile.reduce add %{{.+}} : tensor<16x8xf64, #mma> to tensor<16xf64, #a_row>
// CHECK: tile.reduce add %{{.+}} : tensor<16x32xf32, #mma> to tensor<16x8xf32, #mma>
// CHECK: tile.columns %{{.+}}[8] : tensor<16x32xf32, #mma> to tensor<16x16xf32, #mma>
// CHECK: tile.expand %{{.+}} : tensor<16xf32, #a_row> to tensor<16x8xf32, #mma>
// CHECK: tile.expand %{{.+}} : tensor<8xi1, #a_column> to tensor<16x8xi1, #mma>
tile.kernel @registers() blocks 1 threads 32 {
  %block = tile.block_id
  %numbers = tile.range : tensor<16xi32, #row>
  %one = arith.constant 1.0 : f32
  %tile = tile.splat %one : tensor<16x8xf32, #mma>
  %maxima = tile.reduce max %tile : tensor<16x8xf32, #mma> to tensor<16xf32, #row>
  %wide = arith.extf %tile : tensor<16x8xf32, #mma> to tensor<16x8xf64, #mma>
  %sums = tile.reduce add %wide : tensor<16x8xf64, #mma> to tensor<16xf64, #row>
  %long = tile.splat %one : tensor<16x32xf32, #mma>
  %eight = tile.reduce add %long : tensor<16x32xf32, #mma> to tensor<16x8xf32, #mma>
  %some = tile.columns %long[8] : tensor<16x32xf32, #mma> to tensor<16x16xf32, #mma>
  %back = tile.expand %maxima : tensor<16xf32, #row> to tensor<16x8xf32, #mma>
  %true = arith.constant dense<true> : tensor<8xi1, #column>
  %mask = tile.expand %true : tensor<8xi1, #column> to tensor<16x8xi1, #mma>
}
