// SPDX-License-Identifier: Apache-2.0
// A role of a warpgroup fills the tiles of a ring with rows of two views.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-LABEL: tile.kernel @rows
// CHECK: %[[K:.+]] = tile.ring readers 2 : <2, <64x64xbf16, panels>>
// CHECK: tile.fetch_rows %{{.+}}, %{{.+}}[%{{.+}}, %{{.+}}] rows %{{.+}} split 4096, %[[K]][%{{.+}}] : <1x8x4000x40xbf16, strided>, <1x8x1344x40xbf16>, tensor<128xi32, #linear>, <2, <64x64xbf16, panels>>
tile.kernel @rows(%x: !tile.view<1x8x4000x40xbf16, strided>, %y: !tile.view<1x8x1344x40xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [128, 256] registers [40, 232] {
  ^bb0(%i: i32):
    %rows = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
    tile.fetch_rows %x, %y[%i, %i] rows %rows split 4096, %k[%i] : !tile.view<1x8x4000x40xbf16, strided>, !tile.view<1x8x1344x40xbf16>, tensor<128xi32, #tile.linear<threads = 128>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
    %0 = tile.receive %k[%i] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
    tile.release %k[%i] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }
}
