// SPDX-License-Identifier: Apache-2.0
// Sums over the block, counting in shared memory, and filling.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s

#linear = #tile.linear<threads = 64>
// Five steps sum a warp, the warps' sums go through shared memory, and every warp sums those.
// CHECK-LABEL: llvm.func ptx_kernelcc @scan(
// CHECK-SAME: lighthouse.shared_bytes = 128 : i64
// CHECK-COUNT-5: "llvm.nvvm.shfl.sync.up.i32"
// CHECK-COUNT-2: "llvm.nvvm.barrier.cta.sync.aligned.all"
// CHECK-COUNT-5: "llvm.nvvm.shfl.sync.up.i32"
// CHECK-COUNT-2: "llvm.nvvm.shfl.sync.idx.i32"
// CHECK: llvm.return
tile.kernel @scan() blocks 1 threads 64 {
  %flags = tile.range : tensor<64xi32, #linear>
  %before, %total = tile.scan %flags : tensor<64xi32, #linear>
}

// CHECK-LABEL: llvm.func ptx_kernelcc @count(
// CHECK: llvm.inline_asm has_side_effects "red.shared.add.u32 [$0], 1;"
// CHECK: llvm.inline_asm has_side_effects "@$1 red.shared.add.u32 [$0], 1;"
tile.kernel @count() blocks 1 threads 64 {
  %s = tile.alloc : !tile.shared<256xi32>
  %at = tile.range : tensor<64xi32, #linear>
  %true = arith.constant dense<true> : tensor<64xi1, #linear>
  tile.count %s[%at] : !tile.shared<256xi32>, tensor<64xi32, #linear>
  tile.count %s[%at] mask %true : !tile.shared<256xi32>, tensor<64xi32, #linear>, tensor<64xi1, #linear>
}

// Single elements up to a multiple of 16 bytes, then four at once, then the rest.
// CHECK-LABEL: llvm.func ptx_kernelcc @fill(
// CHECK: scf.if
// CHECK: llvm.store %{{.+}}, %{{.+}} {alignment = 4 : i64} : i32, !llvm.ptr<1>
// CHECK: scf.for
// CHECK: llvm.store %{{.+}}, %{{.+}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<1>
// CHECK: scf.if
// CHECK: llvm.store %{{.+}}, %{{.+}} {alignment = 4 : i64} : i32, !llvm.ptr<1>
tile.kernel @fill(%x: !tile.view<1000xi32>) blocks 1 threads 64 {
  %c = arith.constant 3 : i32
  tile.fill %c, %x[%c] {count = 900} : !tile.view<1000xi32>
}
