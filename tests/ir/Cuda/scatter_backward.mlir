// SPDX-License-Identifier: Apache-2.0
// A row sums the run of gradients that hears its entry, beyond the first only where a row of the block has a longer run, and its product with the row of os comes from the same registers.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>

func.func @f(%dout: tensor<1x1x250x64xf16>, %sel: tensor<1x1x384xi32, #pyramid>, %os: tensor<1x1x384x64xf16>) {
  %0:2 = lighthouse.kernel "scatter_backward_row_dot" reads(%a = %dout, %i = %sel, %b = %os)
      : (tensor<1x1x250x64xf16>, tensor<1x1x384xi32, #pyramid>, tensor<1x1x384x64xf16>) -> (tensor<1x1x384x64xf16>, tensor<1x1x384xf32>) {
    %dos = lighthouse.scatter_backward %a[%i] : tensor<1x1x250x64xf16>, tensor<1x1x384xi32, #pyramid>
    %delta = lighthouse.row_dot %b, %dos : tensor<1x1x384x64xf16>, tensor<1x1x384x64xf16>
    lighthouse.yield %dos, %delta : tensor<1x1x384x64xf16>, tensor<1x1x384xf32>
  }
  return
}

// CHECK: tile.kernel @f_scatter_backward_row_dot(%[[DOUT:[^:]+]]: !tile.view<1x1x250x64xf16>, %[[SEL:[^:]+]]: !tile.view<1x1x384xi32>, %[[OS:[^:]+]]: !tile.view<1x1x384x64xf16>,
// CHECK-SAME: %[[DOS:[^:]+]]: !tile.view<1x1x384x64xf16>, %[[DELTA:[^:]+]]: !tile.view<1x1x384xf32>) blocks 48 threads 64 {
// CHECK: %[[ENTRY:.+]] = tile.load %[[SEL]]
// Entries from 256 on are of level 1: two positions hear them.
// CHECK: %[[COARSE:.+]] = arith.cmpi sge, %[[ENTRY]], %{{.+}}
// CHECK: %[[POSITION:.+]] = arith.select %[[COARSE]], %{{.+}}, %[[ENTRY]]
// CHECK: %[[LENGTH:.+]] = arith.select %[[COARSE]]
// CHECK: %[[FIRST:.+]] = tile.load %[[DOUT]][%{{.+}}, %{{.+}}, %[[POSITION]]]
// CHECK: %[[SUM:.+]] = arith.extf %[[FIRST]]
// CHECK: %[[LONGER:.+]] = arith.cmpi sge, %[[LENGTH]], %{{.+}}
// CHECK: %[[SOME:.+]] = tile.any %[[LONGER]] : tensor<8xi1, #a_row>
// CHECK: %[[ALL:.+]] = scf.if %[[SOME]] -> (tensor<8x64xf32, #rows>)
// CHECK: scf.for {{.+}} iter_args(%[[CARRIED:.+]] = %[[SUM]]) -> (tensor<8x64xf32, #rows>)
// CHECK: tile.load %[[DOUT]]
// CHECK: arith.addf %[[CARRIED]], %{{.+}} : tensor<8x64xf32, #rows>
// CHECK: else
// CHECK-NEXT: scf.yield %[[SUM]]
// CHECK-NOT: tile.load %[[DOUT]]
// The product is that of the rounded row.
// CHECK: %[[ROW:.+]] = arith.truncf %[[ALL]]
// CHECK: tile.store %[[ROW]], %[[DOS]][
// CHECK: tile.load %[[OS]]
// CHECK: arith.extf %[[ROW]]
// CHECK: %[[SUMS:.+]] = tile.reduce add %{{.+}} : tensor<8x64xf32, #rows> to tensor<8xf32, #a_row>
// CHECK: tile.store %[[SUMS]], %[[DELTA]][
