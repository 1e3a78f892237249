// SPDX-License-Identifier: Apache-2.0
// Tiles in memory: views of up to four dimensions, shared tiles of one or two, rings of them; and what is pending.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-LABEL: func.func private @types(
// CHECK-SAME: !tile.view<1x8x4096x128xbf16>, !tile.view<1x8x4096x128xf16, strided>, !tile.view<1x8x4096x128xf16, strided, varlen>, !tile.view<10752xi32>, !tile.view<8x100xf32>
// CHECK-SAME: !tile.shared<64x128xbf16>, !tile.shared<64x12xf32>, !tile.shared<7xi64>, !tile.shared<100xi32>
// CHECK-SAME: !tile.shared<64x128xbf16, panels>, !tile.shared<8x32xf32, panels>
// CHECK-SAME: !tile.ring<2, <64x128xbf16, panels>>, !tile.ring<8, <64xf32>>, !tile.pending<tensor<64x8xf32, #mma>>
func.func private @types(
    !tile.view<1x8x4096x128xbf16>, !tile.view<1x8x4096x128xf16, strided>, !tile.view<1x8x4096x128xf16, strided, varlen>, !tile.view<10752xi32>, !tile.view<8x100xf32>,
    !tile.shared<64x128xbf16>, !tile.shared<64x12xf32>, !tile.shared<7xi64>, !tile.shared<100xi32>,
    !tile.shared<64x128xbf16, panels>, !tile.shared<8x32xf32, panels>,
    !tile.ring<2, !tile.shared<64x128xbf16, panels>>, !tile.ring<8, !tile.shared<64xf32>>, !tile.pending<tensor<64x8xf32, #tile.mma<warps = 4>>>)
