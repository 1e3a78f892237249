// SPDX-License-Identifier: Apache-2.0
// Products by wgmma: a statement each, of steps of 16 along the inner dimension. The first starts the sums where there are none. An await leaves as many groups under way as began after it.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm -cse | FileCheck %s

// CHECK-LABEL: llvm.func ptx_kernelcc @dot
// CHECK: %[[Q:.+]] = llvm.mlir.addressof @lighthouse_shared
// CHECK: %[[K:.+]] = llvm.getelementptr %[[Q]][16384]

// Descriptors. The low word: address / 16, and how far panels lie apart where they lie across the rows. The high word is a constant: 1024 bytes between eights of rows, 128-byte swizzling.
// CHECK: %[[AT:.+]] = llvm.ptrtoint %[[Q]]
// CHECK: %[[LOW:.+]] = arith.andi %[[AT]], %c262143_i32
// CHECK: %[[ADDRESS:.+]] = arith.shrui %[[LOW]], %c4_i32
// CHECK: %[[ALONG:.+]] = arith.constant 65536 : i32
// CHECK: %[[DESC_Q:.+]] = arith.ori %[[ADDRESS]], %[[ALONG]]
// CHECK: %[[ADDRESS_K:.+]] = arith.shrui
// CHECK: %[[DESC_K:.+]] = arith.ori %[[ADDRESS_K]], %[[ALONG]]
// Both with the inner dimension along the rows: 32 bytes a step, and from 64 on the next panel, of 64 or 16 rows.
// CHECK: llvm.inline_asm has_side_effects "{ .reg .b64 a, b; .reg .b32 low, high; mov.b32 high, 1073741888; wgmma.fence.sync.aligned;
// CHECK-SAME: add.u32 low, $8, 0; mov.b64 a, {low, high}; add.u32 low, $9, 0; mov.b64 b, {low, high}; wgmma.mma_async.sync.aligned.m64n16k16.f32.bf16.bf16 {$0, $1, $2, $3, $4, $5, $6, $7}, a, b, 0, 1, 1, 0, 0;
// CHECK-SAME: add.u32 low, $8, 2; mov.b64 a, {low, high}; add.u32 low, $9, 2; mov.b64 b, {low, high}; wgmma.mma_async.sync.aligned.m64n16k16.f32.bf16.bf16 {$0, $1, $2, $3, $4, $5, $6, $7}, a, b, 1, 1, 1, 0, 0;
// CHECK-SAME: add.u32 low, $8, 4; mov.b64 a, {low, high}; add.u32 low, $9, 4; mov.b64 b, {low, high};
// CHECK-SAME: add.u32 low, $8, 6; mov.b64 a, {low, high}; add.u32 low, $9, 6; mov.b64 b, {low, high};
// CHECK-SAME: add.u32 low, $8, 512; mov.b64 a, {low, high}; add.u32 low, $9, 128; mov.b64 b, {low, high};
// CHECK-SAME: add.u32 low, $8, 518; mov.b64 a, {low, high}; add.u32 low, $9, 134; mov.b64 b, {low, high};
// CHECK-SAME: wgmma.commit_group.sync.aligned; }", "=&f,=&f,=&f,=&f,=&f,=&f,=&f,=&f,r,r,~{memory}" %[[DESC_Q]], %[[DESC_K]] :
// CHECK: llvm.inline_asm has_side_effects "wgmma.wait_group.sync.aligned 0;", "=f,=f,=f,=f,=f,=f,=f,=f,0,1,2,3,4,5,6,7,~{memory}"

// The left side from registers, four words a step, which are made before the product begins; sums to add to; the right side across the rows (2048 bytes between panels of 16 rows).
// CHECK: %[[WORDS:.+]] = llvm.inline_asm has_side_effects "", "=r,=r,=r,=r,0,1,2,3"
// CHECK: %[[WORD:.+]] = llvm.extractvalue %[[WORDS]][0]
// CHECK: %[[ACROSS:.+]] = arith.constant 8388608 : i32
// CHECK: %[[DESC_V:.+]] = arith.ori %[[ADDRESS_K]], %[[ACROSS]]
// CHECK: llvm.inline_asm has_side_effects "{ .reg .b64 a, b; .reg .b32 low, high; mov.b32 high, 1073741888; wgmma.fence.sync.aligned; add.u32 low, $132, 0; mov.b64 b, {low, high}; wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {$0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63}, {$128, $129, $130, $131}, b, 1, 1, 1, 1; wgmma.commit_group.sync.aligned; }", "=f,
// CHECK-SAME: ,=f,0,1,2,
// CHECK-SAME: ,62,63,r,r,r,r,r,~{memory}" {{.+}} %[[WORD]], %{{[0-9]+}}, %{{[0-9]+}}, %{{[0-9]+}}, %[[DESC_V]] :

// The left side transposed, of float16: both across the rows, 16 rows a step.
// CHECK: llvm.inline_asm has_side_effects "{ .reg .b64 a, b; .reg .b32 low, high; mov.b32 high, 1073741888; wgmma.fence.sync.aligned; add.u32 low, $32, 0; mov.b64 a, {low, high}; add.u32 low, $33, 0; mov.b64 b, {low, high}; wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 {$0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31}, a, b, 0, 1, 1, 1, 1; add.u32 low, $32, 128; mov.b64 a, {low, high}; add.u32 low, $33, 128; mov.b64 b, {low, high}; wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 {$0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31}, a, b, 1, 1, 1, 1, 1; wgmma.commit_group.sync.aligned; }", "=&f,
// One that goes on with it, while it is under way.
// CHECK-NOT: wait_group
// CHECK: add.u32 low, $64, 0; mov.b64 a, {low, high}; add.u32 low, $65, 0; mov.b64 b, {low, high}; wgmma.mma_async.sync.aligned.m64n64k16.f32.f16.f16 {$0, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31}, a, b, 1, 1, 1, 1, 1;
// CHECK-SAME: wgmma.commit_group.sync.aligned; }", "=f,
// Two began after the first.
// CHECK: "wgmma.wait_group.sync.aligned 2;", "=f,
// CHECK: "wgmma.wait_group.sync.aligned 0;", "=f,
#mma = #tile.mma<warps = 4>
tile.kernel @dot() blocks 1 threads 256 {
  %q = tile.alloc : !tile.shared<64x128xbf16, panels>
  %k = tile.alloc : !tile.shared<16x128xbf16, panels>
  %w = tile.alloc : !tile.shared<32x64xf16, panels>
  %u = tile.alloc : !tile.shared<32x64xf16, panels>
  tile.roles threads [1, 128] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %s = tile.dot_async %q, %k b_transposed : (!tile.shared<64x128xbf16, panels>, !tile.shared<16x128xbf16, panels>) -> !tile.pending<tensor<64x16xf32, #mma>>
    %scores = tile.await %s : !tile.pending<tensor<64x16xf32, #mma>>
    %p = arith.truncf %scores : tensor<64x16xf32, #mma> to tensor<64x16xbf16, #mma>
    %zero = arith.constant dense<0.0> : tensor<64x128xf32, #mma>
    %a = tile.dot_async %p, %k, %zero : (tensor<64x16xbf16, #mma>, !tile.shared<16x128xbf16, panels>, tensor<64x128xf32, #mma>) -> !tile.pending<tensor<64x128xf32, #mma>>
    %b = tile.dot_async %w a_transposed, %u : (!tile.shared<32x64xf16, panels>, !tile.shared<32x64xf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    %c = tile.dot_async %w a_transposed, %u, %b : (!tile.shared<32x64xf16, panels>, !tile.shared<32x64xf16, panels>, !tile.pending<tensor<64x64xf32, #mma>>) -> !tile.pending<tensor<64x64xf32, #mma>>
    %0 = tile.await %a : !tile.pending<tensor<64x128xf32, #mma>>
    %1 = tile.await %c : !tile.pending<tensor<64x64xf32, #mma>>
  }
}
