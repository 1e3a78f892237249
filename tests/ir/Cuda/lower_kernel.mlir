// SPDX-License-Identifier: Apache-2.0
// The calling convention: a view's address, and if it is strided the strides of all dimensions but the last.
// Shared tiles lie one after another, from multiples of 128 bytes on (of panels: 1024); an alias lies where its source does.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s

// CHECK: llvm.mlir.global external @lighthouse_shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
// CHECK: llvm.func ptx_kernelcc @f(%[[X:.+]]: !llvm.ptr<1>, %[[S0:.+]]: i64, %[[S1:.+]]: i64, %[[S2:.+]]: i64, %[[Y:.+]]: !llvm.ptr<1>)
// CHECK-SAME: attributes {lighthouse.items = 6 : i64, lighthouse.min_blocks = 2 : i64, lighthouse.shared_bytes = 896 : i64, lighthouse.threads = 64 : i64}

// CHECK: %[[BASE:.+]] = llvm.mlir.addressof @lighthouse_shared
// CHECK: llvm.getelementptr %[[BASE]][128]
// CHECK: llvm.call_intrinsic "llvm.nvvm.read.ptx.sreg.ctaid.x"
// The first thread stores a scalar, all load one.
// CHECK: llvm.inline_asm has_side_effects "@$2 st.global.b32 [$1], $0;"
// CHECK: arith.muli %{{.+}}, %[[S0]] : i64
// CHECK: arith.muli %{{.+}}, %[[S1]] : i64
// CHECK: arith.muli %{{.+}}, %[[S2]] : i64
// CHECK: llvm.load %{{.+}} invariant
// CHECK: llvm.call_intrinsic "llvm.nvvm.barrier.cta.sync.aligned.all"
// CHECK: llvm.return
tile.kernel @f(%x: !tile.view<2x3x8x32xf32, strided>, %y: !tile.view<2x64xf32>) blocks 6 threads 64 min_blocks 2 {
  %a = tile.alloc : !tile.shared<10xf32>
  %b = tile.alloc : !tile.shared<16x16xbf16>
  %c = tile.alias %b : !tile.shared<16x16xbf16> to !tile.shared<8xf32>
  %block = tile.block_id
  %one = arith.constant 1.0 : f32
  tile.store %one, %y[%block, %block] : (f32, !tile.view<2x64xf32>, i32, i32)
  %z = tile.load %x[%block, %block, %block, %block] : (!tile.view<2x3x8x32xf32, strided>, i32, i32, i32, i32) -> f32
  tile.barrier
}
