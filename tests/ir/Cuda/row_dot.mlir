// SPDX-License-Identifier: Apache-2.0
// Alone, for attention of one level.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

func.func @f(%os: tensor<1x2x100x64xf32>, %dos: tensor<1x2x100x64xf32>) {
  %0 = lighthouse.kernel "row_dot" reads(%a = %os, %b = %dos) : (tensor<1x2x100x64xf32>, tensor<1x2x100x64xf32>) -> tensor<1x2x100xf32> {
    %delta = lighthouse.row_dot %a, %b : tensor<1x2x100x64xf32>, tensor<1x2x100x64xf32>
    lighthouse.yield %delta : tensor<1x2x100xf32>
  }
  return
}

// CHECK: tile.kernel @f_row_dot(%[[OS:[^:]+]]: !tile.view<1x2x100x64xf32>, %[[DOS:[^:]+]]: !tile.view<1x2x100x64xf32>, %[[DELTA:[^:]+]]: !tile.view<1x2x100xf32>) blocks 14 threads 256 {
// CHECK: %[[A:.+]] = tile.load %[[OS]]
// CHECK: %[[B:.+]] = tile.load %[[DOS]]
// CHECK: %[[AB:.+]] = arith.mulf %[[A]], %[[B]]
// CHECK: %[[SUMS:.+]] = tile.reduce add %[[AB]]
// CHECK: tile.store %[[SUMS]], %[[DELTA]][
