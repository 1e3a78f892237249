// SPDX-License-Identifier: Apache-2.0
// Roles take the block's warpgroups in order and change their registers where the launch gives others. Threads count from 0 in each warpgroup.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s

// 65536 registers for 384 threads are 168 each at the start.
// CHECK-LABEL: llvm.func ptx_kernelcc @roles
// CHECK-NOT: mbarrier
// CHECK: %[[ID:.+]] = llvm.call_intrinsic "llvm.nvvm.read.ptx.sreg.tid.x"()
// CHECK: %[[GROUP:.+]] = arith.shrui %[[ID]], %{{.+}}
// CHECK: %[[UNIFORM:.+]] = llvm.call_intrinsic "llvm.nvvm.shfl.sync.idx.i32"(%{{.+}}, %[[GROUP]], %{{.+}}, %{{.+}})
// CHECK: %[[IS_FIRST:.+]] = arith.cmpi slt, %[[UNIFORM]], %c1_i32
// CHECK: scf.if %[[IS_FIRST]] {
// CHECK: llvm.inline_asm has_side_effects "setmaxnreg.dec.sync.aligned.u32 24;", "~{memory}"
// CHECK: %[[IN_ROLE:.+]] = arith.andi %{{.+}}, %c127_i32
// CHECK: %[[IS_ONE:.+]] = arith.cmpi slt, %[[IN_ROLE]], %c1_i32
// CHECK: scf.if %[[IS_ONE]] {
// CHECK: } else {
// CHECK: llvm.inline_asm has_side_effects "setmaxnreg.inc.sync.aligned.u32 240;", "~{memory}"
// CHECK: %[[NUMBER:.+]] = arith.subi %[[UNIFORM]], %c1_i32
// CHECK: llvm.inline_asm has_side_effects "barrier.sync $0, 256;", "r,~{memory}" %[[NUMBER]]
// CHECK: llvm.inline_asm has_side_effects "barrier.arrive $0, 128;", "r,~{memory}" %[[NUMBER]]
// CHECK: %[[THREAD:.+]] = arith.andi %{{.+}}, %c127_i32
// CHECK: arith.addi %[[NUMBER]], %[[THREAD]]
tile.kernel @roles(%x: !tile.view<128xi32>) blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    %0 = tile.block_id
  }, {
  ^bb0(%i: i32):
    tile.meet %i threads 256
    tile.signal %i threads 128
    %0 = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
    %1 = tile.splat %i : tensor<128xi32, #tile.linear<threads = 128>>
    %2 = arith.addi %1, %0 : tensor<128xi32, #tile.linear<threads = 128>>
    tile.store %2, %x[%0] : (tensor<128xi32, #tile.linear<threads = 128>>, !tile.view<128xi32>, tensor<128xi32, #tile.linear<threads = 128>>)
  }
}

// 512 threads begin with 128.
// CHECK-LABEL: llvm.func ptx_kernelcc @three
// CHECK: "setmaxnreg.dec.sync.aligned.u32 32;"
// CHECK: arith.cmpi slt, %{{.+}}, %c2_i32
// CHECK: scf.if
// CHECK-NOT: setmaxnreg
// CHECK: barrier.sync $0, 128;
// CHECK: } else {
// CHECK: "setmaxnreg.inc.sync.aligned.u32 168;"
// CHECK: barrier.sync $0, 256;
tile.kernel @three() blocks 1 threads 512 {
  tile.roles threads [128, 128, 256] registers [32, 128, 168] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    tile.meet %i threads 128
  }, {
  ^bb0(%i: i32):
    tile.meet %i threads 256
  }
}

// A role alone has the registers that the assembler gives it.
// CHECK-LABEL: llvm.func ptx_kernelcc @alone
// CHECK-NOT: setmaxnreg
// CHECK: llvm.nvvm.barrier.cta.sync.aligned.all
tile.kernel @alone() blocks 1 threads 128 {
  tile.roles threads [128] registers [240] {
  ^bb0(%i: i32):
    tile.barrier
  }
}
