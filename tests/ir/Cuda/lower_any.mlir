// SPDX-License-Identifier: Apache-2.0
// The bits of a thread's elements meet in a vote; those of several warps in a barrier.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s

#linear = #tile.linear<threads = 32>
#two_warps = #tile.linear<threads = 64>
// CHECK-LABEL: llvm.func ptx_kernelcc @warp(
// CHECK: %[[MINE:.+]] = arith.ori %{{.+}}, %{{.+}} : i1
// CHECK: %[[ALL:.+]] = arith.constant -1 : i32
// CHECK: %[[SOME:.+]] = llvm.call_intrinsic "llvm.nvvm.vote.any.sync"(%[[ALL]], %[[MINE]]) : (i32, i1) -> i1
// CHECK: scf.if %[[SOME]]
tile.kernel @warp() blocks 1 threads 32 {
  %x = tile.range : tensor<64xi32, #linear>
  %mask = arith.cmpi slt, %x, %x : tensor<64xi32, #linear>
  %some = tile.any %mask : tensor<64xi1, #linear>
  scf.if %some {
    tile.barrier
  }
}

// CHECK-LABEL: llvm.func ptx_kernelcc @block(
// CHECK-NOT: vote
// CHECK: %[[MINE:.+]] = arith.cmpi slt
// CHECK-NOT: arith.ori
// CHECK: %[[SOME:.+]] = llvm.inline_asm has_side_effects "barrier.red.or.pred $0, 0, $1;", "=b,b,~{memory}" %[[MINE]] : (i1) -> i1
// CHECK: scf.if %[[SOME]]
tile.kernel @block() blocks 1 threads 64 {
  %x = tile.range : tensor<64xi32, #two_warps>
  %mask = arith.cmpi slt, %x, %x : tensor<64xi32, #two_warps>
  %some = tile.any %mask : tensor<64xi1, #two_warps>
  scf.if %some {
    tile.barrier
  }
}
