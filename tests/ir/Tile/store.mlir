// SPDX-License-Identifier: Apache-2.0
// Rows, single elements, scalars; where the mask is true.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
!x = !tile.view<2x100x24xf32>
!y = !tile.view<100xf32, strided>
!z = !tile.view<100xf32>
// CHECK-LABEL: tile.kernel @store
// CHECK: tile.store %{{.+}}, %{{.+}}[%{{.+}}, %{{.+}}] : (tensor<16x24xf32, #mma>, !tile.view<2x100x24xf32>, i32, tensor<16xi32, #a_row>)
// CHECK: tile.store %{{.+}}, %{{.+}}[%{{.+}}] mask %{{.+}} : (tensor<16xf32, #a_row>, !tile.view<100xf32, strided>, tensor<16xi32, #a_row>, tensor<16xi1, #a_row>)
// CHECK: tile.store %{{.+}}, %{{.+}}[%{{.+}}] : (f32, !tile.view<100xf32>, i32)
tile.kernel @store(%x: !x, %y: !y, %z: !z) blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %one = arith.constant 1.0 : f32
  %rows = tile.range : tensor<16xi32, #row>
  %inside = arith.constant dense<true> : tensor<16xi1, #row>
  %0 = tile.splat %one : tensor<16x24xf32, #mma>
  %1 = tile.splat %one : tensor<16xf32, #row>
  tile.store %0, %x[%c, %rows] : (tensor<16x24xf32, #mma>, !x, i32, tensor<16xi32, #row>)
  tile.store %1, %y[%rows] mask %inside : (tensor<16xf32, #row>, !y, tensor<16xi32, #row>, tensor<16xi1, #row>)
  tile.store %one, %z[%c] : (f32, !z, i32)
}
