// SPDX-License-Identifier: Apache-2.0
// Tensor copies to global memory, a panel each, by the first thread of the warpgroup; what is added to is all zeros at the start.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm -cse | FileCheck %s

// CHECK-LABEL: llvm.func ptx_kernelcc @send(
// CHECK-SAME: %[[MAP_X:[^:, ]+]]: !llvm.ptr {llvm.align = 64 : i64, llvm.byval = !llvm.array<128 x i8>}, %[[MAP_Y:[^:, ]+]]: !llvm.ptr {llvm.align
// CHECK-SAME: lighthouse.tensor_maps = [{columns = 64 : i64, rows = 64 : i64, swizzle = 128 : i64, view = 0 : i64}, {columns = 32 : i64, rows = 64 : i64, swizzle = 128 : i64, view = 1 : i64}]
// CHECK-SAME: lighthouse.zeroed = array<i64: 1>
// CHECK: llvm.inline_asm has_side_effects "fence.proxy.async.shared::cta;", "~{memory}"
// CHECK: %[[THREAD:.+]] = arith.andi %{{.+}}, %c127_i32
// CHECK: %[[IS_FIRST:.+]] = arith.cmpi slt, %[[THREAD]], %c1_i32
// CHECK: scf.if %[[IS_FIRST]] {
// CHECK: %[[FROM:.+]] = llvm.ptrtoint %[[A:.+]] : !llvm.ptr<3> to i32
// CHECK: llvm.inline_asm has_side_effects "cp.async.bulk.tensor.4d.global.shared::cta.tile.bulk_group [$0, {$2, $3, $4, $5}], [$1];", "l,r,r,r,r,r,~{memory}" %[[MAP_X]], %[[FROM]], %c0_i32{{[^,]*}}, %[[I:.+]], %[[I]], %[[I]] :
// CHECK: llvm.getelementptr %[[A]][8192]
// CHECK: cp.async.bulk.tensor.4d{{.+}} %[[MAP_X]], %{{.+}}, %c64_i32{{[^,]*}}, %[[I]], %[[I]], %[[I]] :
// CHECK: cp.async.bulk.commit_group;
// From a column on: panels of 32 elements of float32.
// CHECK: scf.if %{{.+}} {
// CHECK: llvm.inline_asm has_side_effects "cp.reduce.async.bulk.tensor.4d.global.shared::cta.add.tile.bulk_group [$0, {$2, $3, $4, $5}], [$1];", "l,r,r,r,r,r,~{memory}" %[[MAP_Y]], %{{.+}}, %[[I]], %[[I]], %[[I]], %[[I]] :
// CHECK: %[[COLUMN:.+]] = arith.addi %[[I]], %c32_i32
// CHECK: cp.reduce.async.bulk.tensor.4d{{.+}} %[[MAP_Y]], %{{.+}}, %[[COLUMN]], %[[I]], %[[I]], %[[I]] :
// CHECK: cp.async.bulk.commit_group;
// CHECK: llvm.inline_asm has_side_effects "@$0 cp.async.bulk.wait_group.read 0;", "b,~{memory}" %{{.+}} : (i1)
tile.kernel @send(%x: !tile.view<1x8x4096x128xbf16, strided>, %y: !tile.view<1x8x4096x128xf32>) blocks 1 threads 384 {
  %a = tile.alloc : !tile.shared<64x128xbf16, panels>
  %b = tile.alloc : !tile.shared<64x64xf32, panels>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    tile.publish
    tile.send %a, %x[%i, %i, %i] : !tile.shared<64x128xbf16, panels>, !tile.view<1x8x4096x128xbf16, strided>
    tile.send add %b, %y[%i, %i, %i, %i] : !tile.shared<64x64xf32, panels>, !tile.view<1x8x4096x128xf32>
    tile.drain
  }
}
