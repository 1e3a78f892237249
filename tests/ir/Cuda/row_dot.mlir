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

// A launch gives the number of rows: none behind is loaded, and the sums there are zeros, up to the last row that there may be.
!rows = tensor<1x2x100x64xbf16>
func.func @varlen(%os: !rows {lighthouse.strided, lighthouse.varlen}, %dos: !rows {lighthouse.strided, lighthouse.varlen}) {
  %0 = lighthouse.kernel "row_dot" reads(%a = %os, %b = %dos) : (!rows, !rows) -> tensor<1x2x100xf32> {
    %delta = lighthouse.row_dot %a, %b : !rows, !rows
    lighthouse.yield %delta : tensor<1x2x100xf32>
  }
  return
}

// CHECK: tile.kernel @varlen_row_dot(%[[OS:[^:]+]]: !tile.view<1x2x100x64xbf16, strided, varlen>
// CHECK: %[[ROWS:.+]] = tile.rows %[[OS]]
// CHECK: %[[END:.+]] = tile.splat %[[ROWS]]
// CHECK: %[[THERE:.+]] = arith.cmpi slt, %{{.+}}, %[[END]]
// CHECK: tile.load %[[OS]][{{.+}}] mask %[[THERE]]
// CHECK: %[[SUMS:.+]] = tile.reduce add
// CHECK: %[[MOST:.+]] = arith.constant dense<100>
// CHECK: %[[ANY:.+]] = arith.cmpi slt, %{{.+}}, %[[MOST]]
// CHECK: tile.store %[[SUMS]], %{{.+}} mask %[[ANY]]
