// SPDX-License-Identifier: Apache-2.0
// Rings: barriers that say full (of one arrival and the bytes of the copies) and empty (of the four warps of each reader), tensor copies of a panel each, and what goes along with another ring.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm -cse | FileCheck %s

// The view's strides are in the tensor map alone: a box has the rows of the tile and the columns of a panel. A tile of one dimension is cut out of the view as one run.
// CHECK-LABEL: llvm.func ptx_kernelcc @ring(%{{[^:]+}}: !llvm.ptr<1>, %{{[^:]+}}: i64, %{{[^:]+}}: i64, %{{[^:]+}}: i64, %{{[^:]+}}: !llvm.ptr<1>,
// CHECK-SAME: %[[ROWS:[^:]+]]: !llvm.ptr {llvm.align = 64 : i64, llvm.byval = !llvm.array<128 x i8>}, %[[FLAT:[^:]+]]: !llvm.ptr {llvm.align = 64 : i64, llvm.byval = !llvm.array<128 x i8>})
// CHECK-SAME: lighthouse.shared_bytes = 51376 : i64
// CHECK-SAME: lighthouse.tensor_maps = [{columns = 64 : i64, rows = 64 : i64, swizzle = 128 : i64, view = 0 : i64}, {columns = 68 : i64, flat, rows = 1 : i64, swizzle = 0 : i64, view = 1 : i64}]
// CHECK-NOT: lighthouse.zeroed

// Three tiles of 16384 bytes at 1024, three of 384 behind them, then 3 barriers of each kind.
// CHECK: %[[BASE:.+]] = llvm.mlir.addressof @lighthouse_shared
// CHECK-DAG: %[[TILES:.+]] = llvm.getelementptr %[[BASE]][1024]
// CHECK-DAG: %[[NUMBERS:.+]] = llvm.getelementptr %[[BASE]][50176]
// CHECK-DAG: %[[FULL:.+]] = llvm.getelementptr %[[BASE]][51328]
// CHECK-DAG: %[[EMPTY:.+]] = llvm.getelementptr %[[BASE]][51352]
// CHECK: scf.if
// CHECK: %[[FULL_0:.+]] = llvm.ptrtoint %[[FULL]]
// CHECK: llvm.inline_asm has_side_effects "mbarrier.init.shared::cta.b64 [$0], $1;", "r,r,~{memory}" %[[FULL_0]], %c1_i32
// CHECK: %[[EMPTY_0:.+]] = llvm.ptrtoint %[[EMPTY]]
// CHECK: llvm.inline_asm has_side_effects "mbarrier.init.shared::cta.b64 [$0], $1;", "r,r,~{memory}" %[[EMPTY_0]], %c8_i32
// CHECK-COUNT-4: mbarrier.init
// CHECK-NOT: mbarrier.init
// CHECK: fence.mbarrier_init.release.cluster;
// CHECK: llvm.nvvm.barrier.cta.sync.aligned.all

// Number n is in place n % 3, in phase n / 3 % 2. A place is empty in the phase before.
// CHECK: %[[STAGE:.+]] = arith.remui %[[N:.+]], %c3_i32
// CHECK: %[[TILE_BYTES:.+]] = arith.muli %[[STAGE]], %c16384_i32
// CHECK: %[[BARRIER_BYTES:.+]] = arith.muli %[[STAGE]], %c8_i32
// CHECK: %[[TILE:.+]] = llvm.getelementptr %[[TILES]][%[[TILE_BYTES]]]
// CHECK: %[[STAGE_FULL:.+]] = llvm.getelementptr %[[FULL]][%[[BARRIER_BYTES]]]
// CHECK: %[[STAGE_EMPTY:.+]] = llvm.getelementptr %[[EMPTY]][%[[BARRIER_BYTES]]]
// CHECK: %[[ROUND:.+]] = arith.divui %[[N]], %c3_i32
// CHECK: %[[PHASE:.+]] = arith.andi %[[ROUND]], %c1_i32
// CHECK: %[[IS_FULL:.+]] = llvm.ptrtoint %[[STAGE_FULL]]
// CHECK: %[[BEFORE:.+]] = arith.xori %[[PHASE]], %c1_i32
// CHECK: %[[IS_EMPTY:.+]] = llvm.ptrtoint %[[STAGE_EMPTY]]
// CHECK: llvm.inline_asm has_side_effects "{ .reg .pred done; again: mbarrier.try_wait.parity.shared::cta.b64 done, [$0], $1; @!done bra again; }", "r,r,~{memory}" %[[IS_EMPTY]], %[[BEFORE]]
// 64 x 128 x 2 bytes and 68 x 4.
// CHECK: %[[BYTES:.+]] = arith.constant 16656 : i32
// CHECK: llvm.inline_asm has_side_effects "mbarrier.arrive.expect_tx.shared::cta.b64 _, [$0], $1;", "r,r,~{memory}" %[[IS_FULL]], %[[BYTES]]
// CHECK: %[[TO_0:.+]] = llvm.ptrtoint %[[TILE]]
// CHECK: llvm.inline_asm has_side_effects "cp.async.bulk.tensor.4d.shared::cluster.global.mbarrier::complete_tx::bytes [$0], [$1, {$3, $4, $5, $6}], [$2];", "r,l,r,r,r,r,r,~{memory}" %[[TO_0]], %[[ROWS]], %[[IS_FULL]], %c0_i32{{[^,]*}}, %[[N]], %[[I:.+]], %[[I]] :
// CHECK: %[[PANEL:.+]] = llvm.getelementptr %[[TILE]][8192]
// CHECK: %[[TO_1:.+]] = llvm.ptrtoint %[[PANEL]]
// CHECK: cp.async.bulk.tensor.4d{{.+}} %[[TO_1]], %[[ROWS]], %[[IS_FULL]], %c64_i32{{[^,]*}}, %[[N]], %[[I]], %[[I]] :
// What goes along has no barriers.
// CHECK-NOT: mbarrier.try_wait
// CHECK: %[[FLAT_BYTES:.+]] = arith.muli %[[STAGE]], %c384_i32
// CHECK: %[[FLAT_TILE:.+]] = llvm.getelementptr %[[NUMBERS]][%[[FLAT_BYTES]]]
// CHECK: %[[HEADS:.+]] = arith.muli %[[I]], %c8_i32
// CHECK: %[[HEAD:.+]] = arith.addi %[[HEADS]], %[[I]]
// CHECK: %[[ELEMENTS:.+]] = arith.muli %[[HEAD]], %c4096_i32
// CHECK: %[[ELEMENT:.+]] = arith.addi %[[ELEMENTS]], %[[N]]
// CHECK: %[[TO_2:.+]] = llvm.ptrtoint %[[FLAT_TILE]]
// CHECK: "cp.async.bulk.tensor.1d.shared::cluster.global.mbarrier::complete_tx::bytes [$0], [$1, {$3}], [$2];", "r,l,r,r,~{memory}" %[[TO_2]], %[[FLAT]], %[[IS_FULL]], %[[ELEMENT]]

// One wait for both; each warp's first lane says that it has read them.
// CHECK: } else {
// CHECK-COUNT-1: mbarrier.try_wait.parity
// CHECK-NOT: mbarrier.try_wait
// CHECK: %[[LANE:.+]] = arith.andi %{{.+}}, %c31_i32
// CHECK: %[[IS_FIRST:.+]] = arith.cmpi slt, %[[LANE]], %c1_i32
// CHECK: llvm.inline_asm has_side_effects "@$1 mbarrier.arrive.shared::cta.b64 _, [$0];", "r,b,~{memory}" %{{.+}}, %[[IS_FIRST]]
tile.kernel @ring(%x: !tile.view<1x8x4096x128xbf16, strided>, %y: !tile.view<1x8x4096xf32>) blocks 1 threads 384 {
  %a = tile.alloc : !tile.shared<7xf32>
  %k = tile.ring readers 2 : !tile.ring<3, !tile.shared<64x128xbf16, panels>>
  %numbers = tile.ring readers 2 along %k : !tile.ring<3, !tile.shared<68xf32>>, !tile.ring<3, !tile.shared<64x128xbf16, panels>>
  %block = tile.block_id
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    tile.fetch %x[%i, %i, %block], %k[%block] : !tile.view<1x8x4096x128xbf16, strided>, !tile.ring<3, !tile.shared<64x128xbf16, panels>>
    tile.fetch %y[%i, %i, %block], %numbers[%block] : !tile.view<1x8x4096xf32>, !tile.ring<3, !tile.shared<68xf32>>
  }, {
  ^bb0(%i: i32):
    %0 = tile.receive %k[%block] : !tile.ring<3, !tile.shared<64x128xbf16, panels>>
    %1 = tile.receive %numbers[%block] : !tile.ring<3, !tile.shared<68xf32>>
    tile.release %k[%block] : !tile.ring<3, !tile.shared<64x128xbf16, panels>>
  }
}
