// SPDX-License-Identifier: Apache-2.0
// A copy of rows, of q first; behind the last token zeros, which a load outside of its mask is.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

func.func @f(%q: tensor<2x2x250x40xbf16> {lighthouse.strided}, %k: tensor<2x1x250x40xbf16>) {
  %0:3 = lighthouse.kernel "dilate" reads(%a = %q, %b = %k)
      : (tensor<2x2x250x40xbf16>, tensor<2x1x250x40xbf16>) -> (tensor<8x2x63x40xbf16>, tensor<8x1x63x40xbf16>, tensor<8x1x63x40xbf16>) {
    %x, %y, %z = lighthouse.dilate %a, %b, %b {dilation = 4} : tensor<2x2x250x40xbf16>, tensor<2x1x250x40xbf16>, tensor<2x1x250x40xbf16>
    lighthouse.yield %x, %y, %z : tensor<8x2x63x40xbf16>, tensor<8x1x63x40xbf16>, tensor<8x1x63x40xbf16>
  }
  return
}

// 16 heads of classes of q and 8 of k and of v, a block each.
// CHECK: tile.kernel @f_dilate(%[[Q:[^:]+]]: !tile.view<2x2x250x40xbf16, strided>, %[[K:[^:]+]]: !tile.view<2x1x250x40xbf16>, %[[QD:[^:]+]]: !tile.view<8x2x63x40xbf16>,
// CHECK-SAME: %[[KD:[^:]+]]: !tile.view<8x1x63x40xbf16>, %[[VD:[^:]+]]: !tile.view<8x1x63x40xbf16>) blocks 32 threads 256 {
// CHECK: scf.if
// CHECK: %[[CLASS:.+]] = arith.remui %[[BATCH_AND_CLASS:.+]], %c4
// CHECK: %[[BATCH:.+]] = arith.divui %[[BATCH_AND_CLASS]], %c4
// CHECK: %[[TIMES:.+]] = arith.muli %[[ROW:.+]], %{{.+}} : tensor<64xi32, #a_row>
// CHECK: %[[SPLAT:.+]] = tile.splat %[[CLASS]]
// CHECK: %[[TOKEN:.+]] = arith.addi %[[TIMES]], %[[SPLAT]]
// CHECK: %[[REAL:.+]] = arith.cmpi slt, %[[TOKEN]], %{{.+}}
// CHECK: %[[ROWS:.+]] = tile.load %[[Q]][%[[BATCH]], %[[HEAD:.+]], %[[TOKEN]]] mask %[[REAL]]
// CHECK: tile.store %[[ROWS]], %[[QD]][%[[BATCH_AND_CLASS]], %[[HEAD]], %[[ROW]]] mask
// CHECK: scf.if
// CHECK: tile.load %[[K]]
// CHECK: tile.store %{{.+}}, %[[KD]][
// CHECK: scf.if
// CHECK: tile.load %[[K]]
// CHECK: tile.store %{{.+}}, %[[VD]][
