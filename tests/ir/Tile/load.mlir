// SPDX-License-Identifier: Apache-2.0
// Rows, single elements, scalars; where the mask is true.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
#linear = #tile.linear<threads = 32>
!x = !tile.view<2x100x24xbf16, strided>
!y = !tile.view<2x100xi32>
// CHECK-LABEL: tile.kernel @load
// CHECK: tile.load %{{.+}}[%{{.+}}, %{{.+}}] mask %{{.+}} : (!tile.view<2x100x24xbf16, strided>, i32, tensor<8xi32, #a_row>, tensor<8xi1, #a_row>) -> tensor<8x32xbf16, #rows>
// CHECK: tile.load %{{.+}}[%{{.+}}, %{{.+}}] : (!tile.view<2x100xi32>, i32, tensor<32xi32, #linear>) -> tensor<32xi32, #linear>
// CHECK: tile.load %{{.+}}[%{{.+}}, %{{.+}}] : (!tile.view<2x100xi32>, i32, i32) -> i32
tile.kernel @load(%x: !x, %y: !y) blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %rows = tile.range : tensor<8xi32, #row>
  %inside = arith.constant dense<true> : tensor<8xi1, #row>
  %at = tile.range : tensor<32xi32, #linear>
  %0 = tile.load %x[%c, %rows] mask %inside : (!x, i32, tensor<8xi32, #row>, tensor<8xi1, #row>) -> tensor<8x32xbf16, #rows>
  %1 = tile.load %y[%c, %at] : (!y, i32, tensor<32xi32, #linear>) -> tensor<32xi32, #linear>
  %2 = tile.load %y[%c, %c] : (!y, i32, i32) -> i32
}
