// SPDX-License-Identifier: Apache-2.0
// Rows that lie anywhere: each lane knows the address of one row of its warp's 32 and tells those that copy it, eight lanes a row of a panel. The ring is full when the copies of all 128 threads have ended.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm -cse | FileCheck %s

// No tensor maps.
// CHECK-LABEL: llvm.func ptx_kernelcc @rows(
// CHECK-NOT: lighthouse.tensor_maps
// CHECK: mbarrier.init.shared::cta.b64 [$0], $1;", "r,r,~{memory}" %{{.+}}, %c128_i32
// CHECK: mbarrier.init.shared::cta.b64 [$0], $1;", "r,r,~{memory}" %{{.+}}, %c8_i32
// CHECK: mbarrier.try_wait.parity
// Row r of eight has chunk c at place c ^ r; the fourth row on is 64 bytes away.
// CHECK: %[[LANE:.+]] = arith.andi %{{.+}}, %c31_i32
// CHECK: %[[GROUP:.+]] = arith.shrui %[[LANE]], %c3_i32
// CHECK: %[[CHUNK:.+]] = arith.andi %{{.+}}, %c7_i32
// CHECK: %[[PLACE:.+]] = arith.xori %[[CHUNK]], %[[GROUP]]
// CHECK: %[[BYTES:.+]] = arith.muli %[[PLACE]], %c16_i32
// CHECK: arith.xori %[[BYTES]], %c64_i32
// Below the split a row of the first view, from it on one of the second; there is none behind the first's end, and none of a negative number.
// CHECK: %[[IS_FIRST:.+]] = arith.cmpi slt, %[[NUMBER:.+]], %c4096_i32
// CHECK: arith.cmpi slt, %[[NUMBER]], %c4000_i32
// CHECK: arith.cmpi sgt, %[[NUMBER]], %c-1_i32
// CHECK: arith.subi %[[NUMBER]], %c4096_i32
// CHECK: %[[PITCH:.+]] = arith.select %[[IS_FIRST]], %{{.+}}, %c160_i64
// CHECK-NEXT: %[[OFFSET:.+]] = arith.muli %{{.+}}, %[[PITCH]]
// CHECK-NEXT: %[[ADDRESS:.+]] = arith.addi %{{.+}}, %[[OFFSET]]
// CHECK-NEXT: %[[LOW:.+]] = arith.trunci %[[ADDRESS]]
// CHECK: %[[SHIFTED:.+]] = arith.shrui %[[ADDRESS]], %c32_i64
// CHECK: %[[HIGH:.+]] = arith.trunci %[[SHIFTED]]
// CHECK: llvm.call_intrinsic "llvm.nvvm.vote.ballot.sync"
// Eight times four rows, two panels each, zeros where there is no row; of the second panel only columns below 80.
// CHECK: llvm.call_intrinsic "llvm.nvvm.shfl.sync.idx.i32"(%{{.+}}, %[[LOW]], %[[GROUP]]
// CHECK: llvm.call_intrinsic "llvm.nvvm.shfl.sync.idx.i32"(%{{.+}}, %[[HIGH]], %[[GROUP]]
// CHECK: llvm.inline_asm "mov.b64 $0, {$1, $2};"
// CHECK: %[[IS_MISSING:.+]] = arith.cmpi slt, %{{.+}}, %c1_i32
// CHECK: llvm.inline_asm has_side_effects "cp.async.cg.shared.global [$0], [$1], 16, $2;", "r,l,b,~{memory}" %{{.+}}, %{{.+}}, %[[IS_MISSING]]
// CHECK: %[[IS_BEYOND:.+]] = arith.cmpi sgt, %{{.+}}, %c15_i32
// CHECK: %[[IS_ZERO:.+]] = arith.ori %[[IS_MISSING]], %[[IS_BEYOND]]
// CHECK: cp.async.cg.shared.global [$0], [$1], 16, $2;", "r,l,b,~{memory}" %{{.+}}, %{{.+}}, %[[IS_ZERO]]
// CHECK-COUNT-14: cp.async.cg.shared.global
// CHECK-NOT: cp.async.cg.shared.global
// CHECK: "cp.async.mbarrier.arrive.noinc.shared::cta.b64 [$0];"
// Two of four warps copy a tile of 64 rows.
// CHECK: mbarrier.try_wait.parity
// CHECK-COUNT-8: scf.if
// CHECK: cp.async.mbarrier.arrive.noinc
// What ordinary copies wrote is published where it is received.
// CHECK: } else {
// CHECK: mbarrier.try_wait.parity
// CHECK-NEXT: llvm.inline_asm has_side_effects "fence.proxy.async.shared::cta;"
tile.kernel @rows(%x: !tile.view<1x8x4000x80xbf16, strided>, %y: !tile.view<1x8x1344x80xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<1, !tile.shared<128x128xbf16, panels>>
  %q = tile.ring readers 1 : !tile.ring<1, !tile.shared<64x128xbf16, panels>>
  %block = tile.block_id
  tile.roles threads [128, 256] registers [40, 232] {
  ^bb0(%i: i32):
    %rows = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
    tile.fetch_rows %x, %y[%i, %i] rows %rows split 4096, %k[%block] : !tile.view<1x8x4000x80xbf16, strided>, !tile.view<1x8x1344x80xbf16>, tensor<128xi32, #tile.linear<threads = 128>>, !tile.ring<1, !tile.shared<128x128xbf16, panels>>
    tile.fetch_rows %x, %y[%i, %i] rows %rows split 4096, %q[%block] : !tile.view<1x8x4000x80xbf16, strided>, !tile.view<1x8x1344x80xbf16>, tensor<128xi32, #tile.linear<threads = 128>>, !tile.ring<1, !tile.shared<64x128xbf16, panels>>
  }, {
  ^bb0(%i: i32):
    %0 = tile.receive %k[%block] : !tile.ring<1, !tile.shared<128x128xbf16, panels>>
  }
}
