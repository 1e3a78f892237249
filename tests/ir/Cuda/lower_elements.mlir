// SPDX-License-Identifier: Apache-2.0
// Arithmetic is done on each of the four elements that a thread holds; two of 16 bits share a word.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
// CHECK-LABEL: llvm.func ptx_kernelcc @arithmetic(
// CHECK-COUNT-4: arith.addf %{{.+}}, %{{.+}} : f32
// CHECK-COUNT-4: llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz"
// CHECK-COUNT-2: llvm.inline_asm "cvt.rn.bf16x2.f32 $0, $1, $2;"
// An element of bfloat16 is the upper half of a float32.
// CHECK: arith.shli
// CHECK: arith.andi
// CHECK: scf.for {{.+}} -> (f32, f32, f32, f32)
// CHECK: scf.yield %{{.+}}, %{{.+}}, %{{.+}}, %{{.+}} : f32, f32, f32, f32
tile.kernel @arithmetic() blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %x = arith.constant dense<2.0> : tensor<16x8xf32, #mma>
  %0 = arith.addf %x, %x : tensor<16x8xf32, #mma>
  %1 = math.exp2 %0 : tensor<16x8xf32, #mma>
  %2 = arith.truncf %1 : tensor<16x8xf32, #mma> to tensor<16x8xbf16, #mma>
  %3 = arith.extf %2 : tensor<16x8xbf16, #mma> to tensor<16x8xf32, #mma>
  %4 = tile.range : tensor<16xi32, #row>
  %5 = scf.for %i = %c to %c step %c iter_args(%y = %3) -> tensor<16x8xf32, #mma> : i32 {
    scf.yield %x : tensor<16x8xf32, #mma>
  }
}

// Columns are registers: nothing moves.
// CHECK-LABEL: llvm.func ptx_kernelcc @columns(
// CHECK: llvm.load
// CHECK-NOT: shfl
// CHECK-NOT: llvm.store
// CHECK: llvm.return
tile.kernel @columns(%x: !tile.view<16x16xf32>) blocks 1 threads 32 {
  %rows = tile.range : tensor<16xi32, #tile.slice<dim = 1, of = #tile.mma<warps = 1>>>
  %0 = tile.load %x[%rows] : (!tile.view<16x16xf32>, tensor<16xi32, #tile.slice<dim = 1, of = #tile.mma<warps = 1>>>) -> tensor<16x16xf32, #tile.mma<warps = 1>>
  %1 = tile.columns %0[8] : tensor<16x16xf32, #tile.mma<warps = 1>> to tensor<16x8xf32, #tile.mma<warps = 1>>
}
