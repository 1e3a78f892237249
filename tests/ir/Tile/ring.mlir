// SPDX-License-Identifier: Apache-2.0
// A role of one thread fills the tiles of a ring, others read them; a ring may go along with another.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-LABEL: tile.kernel @ring
// CHECK: %[[K:.+]] = tile.ring readers 2 : <2, <64x64xbf16, panels>>
// CHECK: %[[N:.+]] = tile.ring readers 2 along %[[K]] : <2, <64xf32>>, !tile.ring<2, <64x64xbf16, panels>>
// CHECK: tile.fetch %{{.+}}[%{{.+}}, %{{.+}}, %{{.+}}], %[[K]][%{{.+}}] : <1x8x4096x64xbf16, strided>, <2, <64x64xbf16, panels>>
// CHECK: tile.fetch %{{.+}}[%{{.+}}, %{{.+}}, %{{.+}}], %[[N]][%{{.+}}] : <1x8x4096xf32>, <2, <64xf32>>
// CHECK: tile.receive %[[K]][%{{.+}}] : <2, <64x64xbf16, panels>>
// CHECK: %[[TILE:.+]] = tile.receive %[[N]][%{{.+}}] : <2, <64xf32>>
// CHECK: tile.read %[[TILE]] : (!tile.shared<64xf32>)
// CHECK: tile.release %[[K]][%{{.+}}] : <2, <64x64xbf16, panels>>
tile.kernel @ring(%x: !tile.view<1x8x4096x64xbf16, strided>, %y: !tile.view<1x8x4096xf32>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  %numbers = tile.ring readers 2 along %k : !tile.ring<2, !tile.shared<64xf32>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    tile.fetch %x[%i, %i, %i], %k[%i] : !tile.view<1x8x4096x64xbf16, strided>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
    tile.fetch %y[%i, %i, %i], %numbers[%i] : !tile.view<1x8x4096xf32>, !tile.ring<2, !tile.shared<64xf32>>
  }, {
  ^bb0(%i: i32):
    %0 = tile.receive %k[%i] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
    %1 = tile.receive %numbers[%i] : !tile.ring<2, !tile.shared<64xf32>>
    %2 = tile.read %1 : (!tile.shared<64xf32>) -> tensor<64xf32, #tile.slice<dim = 1, of = #tile.mma<warps = 4>>>
    tile.release %k[%i] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }
}
