// SPDX-License-Identifier: Apache-2.0
// A product is mma.sync: of 16-bit elements with operands by ldmatrix, of float32 three times with tf32 parts.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s

#mma = #tile.mma<warps = 1>
// K = 64 in four steps; a swizzled row's chunk is reached by an exclusive or.
// CHECK-LABEL: llvm.func ptx_kernelcc @shared(
// CHECK: "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16"
// CHECK: "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16"
// CHECK-COUNT-2: llvm.inline_asm "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {$0,$1,$2,$3}, {$4,$5,$6,$7}, {$8,$9}, {$0,$1,$2,$3};", "=f,=f,=f,=f,r,r,r,r,r,r,0,1,2,3"
// CHECK: arith.xori
// CHECK-COUNT-6: mma.sync
// CHECK-NOT: mma.sync
// CHECK: llvm.return
tile.kernel @shared() blocks 1 threads 32 {
  %q = tile.alloc : !tile.shared<16x64xbf16>
  %k = tile.alloc : !tile.shared<16x64xbf16>
  %zero = arith.constant dense<0.0> : tensor<16x16xf32, #mma>
  %s = tile.dot %q, %k, %zero transposed : !tile.shared<16x64xbf16>, !tile.shared<16x64xbf16>, tensor<16x16xf32, #mma>
}

// The left factor is in registers as a fragment of A; [K, N] is read with .trans.
// CHECK-LABEL: llvm.func ptx_kernelcc @registers(
// CHECK-COUNT-4: cvt.rn.f16x2.f32
// CHECK-NOT: m8n8.x4.b16
// CHECK: "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.trans.b16"
// CHECK-COUNT-2: mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32
// CHECK-NOT: mma.sync
// CHECK: llvm.return
tile.kernel @registers() blocks 1 threads 32 {
  %v = tile.alloc : !tile.shared<16x16xf16>
  %p = arith.constant dense<1.0> : tensor<16x16xf32, #mma>
  %h = arith.truncf %p : tensor<16x16xf32, #mma> to tensor<16x16xf16, #mma>
  %o = tile.dot %h, %v, %p : tensor<16x16xf16, #mma>, !tile.shared<16x16xf16>, tensor<16x16xf32, #mma>
}

// Two steps of K, two blocks of N, three products each.
// CHECK-LABEL: llvm.func ptx_kernelcc @float32(
// CHECK: "cvt.rna.tf32.f32 $0, $1;"
// CHECK: arith.subf
// CHECK: "cvt.rna.tf32.f32 $0, $1;"
// CHECK-COUNT-12: mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32
// CHECK-NOT: mma.sync
// CHECK: llvm.return
tile.kernel @float32() blocks 1 threads 32 {
  %q = tile.alloc : !tile.shared<16x16xf32>
  %zero = arith.constant dense<0.0> : tensor<16x16xf32, #mma>
  %s = tile.dot %zero, %q, %zero : tensor<16x16xf32, #mma>, !tile.shared<16x16xf32>, tensor<16x16xf32, #mma>
}

// The left factor across: matrices of 16 bits by .trans, float32 element by element.
// CHECK-LABEL: llvm.func ptx_kernelcc @across(
// CHECK-COUNT-2: "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.trans.b16"
// CHECK-COUNT-2: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// CHECK-NOT: mma.sync
// CHECK: llvm.return
tile.kernel @across() blocks 1 threads 32 {
  %k = tile.alloc : !tile.shared<16x16xbf16>
  %v = tile.alloc : !tile.shared<16x16xbf16>
  %zero = arith.constant dense<0.0> : tensor<16x16xf32, #mma>
  %s = tile.dot %k a_transposed, %v, %zero : !tile.shared<16x16xbf16>, !tile.shared<16x16xbf16>, tensor<16x16xf32, #mma>
}

// CHECK-LABEL: llvm.func ptx_kernelcc @across_float32(
// CHECK: scf.for
// CHECK-COUNT-4: llvm.load {{.+}} : !llvm.ptr<3> -> i32
// CHECK-COUNT-8: cvt.rna.tf32.f32
tile.kernel @across_float32() blocks 1 threads 32 {
  %k = tile.alloc : !tile.shared<16x16xf32>
  %v = tile.alloc : !tile.shared<16x16xf32>
  %zero = arith.constant dense<0.0> : tensor<16x16xf32, #mma>
  %s = tile.dot %k a_transposed, %v, %zero : !tile.shared<16x16xf32>, !tile.shared<16x16xf32>, tensor<16x16xf32, #mma>
}
