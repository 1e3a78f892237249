// SPDX-License-Identifier: Apache-2.0
// Columns of a tile are some of its registers; elements from one on are read one by one.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s

#mma = #tile.mma<warps = 4>
#column = #tile.slice<dim = 0, of = #mma>

// CHECK-LABEL: llvm.func ptx_kernelcc @columns
// A thread has 8 of 16 columns of two rows: of the last 8 columns the second half.
// CHECK-DAG: %[[KEPT:.+]] = arith.constant 2.000000e+00 : f32
// CHECK-COUNT-2: llvm.load %{{.+}} : !llvm.ptr<3> -> f32
// CHECK-NOT: llvm.load
tile.kernel @columns(%out: !tile.view<1x1x64x8xf32>) blocks 1 threads 128 {
  %zero = arith.constant 0 : i32
  %sums = arith.constant dense<2.0> : tensor<64x16xf32, #mma>
  %half = tile.columns %sums[8] : tensor<64x16xf32, #mma> to tensor<64x8xf32, #mma>
  %rows = tile.range : tensor<64xi32, #tile.slice<dim = 1, of = #mma>>
  tile.store %half, %out[%zero, %zero, %rows] : (tensor<64x8xf32, #mma>, !tile.view<1x1x64x8xf32>, i32, i32, tensor<64xi32, #tile.slice<dim = 1, of = #mma>>)
  %numbers = tile.alloc : !tile.shared<12xf32>
  %first = tile.block_id
  %some = tile.read %numbers from %first : (!tile.shared<12xf32>, i32) -> tensor<8xf32, #column>
}
