// SPDX-License-Identifier: Apache-2.0
// Whether any thread of the block has a true element: not pure, as all threads meet in it.
// RUN: lighthouse-opt %s -cse | lighthouse-opt | FileCheck %s

#mma = #tile.mma<warps = 2>
#row = #tile.slice<dim = 1, of = #mma>
#linear = #tile.linear<threads = 64>
// CHECK-LABEL: tile.kernel @any
// CHECK: %{{.+}} = tile.any %[[ROW:.+]] : tensor<32xi1, #a_row>
// CHECK-NEXT: %{{.+}} = tile.any %[[ROW]] : tensor<32xi1, #a_row>
// CHECK-NEXT: %{{.+}} = tile.any %{{.+}} : tensor<32x8xi1, #mma>
// CHECK-NEXT: %[[SOME:.+]] = tile.any %{{.+}} : tensor<128xi1, #linear>
// CHECK-NEXT: scf.if %[[SOME]]
tile.kernel @any() blocks 1 threads 64 {
  %row = arith.constant dense<true> : tensor<32xi1, #row>
  %tile = arith.constant dense<true> : tensor<32x8xi1, #mma>
  %flags = arith.constant dense<true> : tensor<128xi1, #linear>
  %0 = tile.any %row : tensor<32xi1, #row>
  %1 = tile.any %row : tensor<32xi1, #row>
  %2 = tile.any %tile : tensor<32x8xi1, #mma>
  %3 = tile.any %flags : tensor<128xi1, #linear>
  scf.if %3 {
    tile.barrier
  }
}
