// SPDX-License-Identifier: Apache-2.0
// One of two shared tiles of a type stands for a shared tile wherever one may.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#mma = #tile.mma<warps = 1>
// CHECK-LABEL: tile.kernel @choose
// CHECK: %[[EVEN:.+]] = tile.alloc : <16x16xbf16>
// CHECK-NEXT: %[[ODD:.+]] = tile.alloc : <16x16xbf16>
// CHECK: scf.for %[[STEP:.+]] =
// CHECK-NEXT: %[[NOW:.+]] = tile.choose %[[EVEN]], %[[ODD]] by %[[STEP]] : <16x16xbf16>
// CHECK-NEXT: tile.copy %{{.+}}[%{{.+}}, %{{.+}}] limit %{{.+}}, %[[NOW]] : <2x100x16xbf16>, <16x16xbf16>
// CHECK: tile.read %[[NOW]] : (!tile.shared<16x16xbf16>) -> tensor<16x16xbf16, #mma>
tile.kernel @choose(%x: !tile.view<2x100x16xbf16>) blocks 1 threads 32 {
  %c0 = arith.constant 0 : i32
  %c1 = arith.constant 1 : i32
  %even = tile.alloc : !tile.shared<16x16xbf16>
  %odd = tile.alloc : !tile.shared<16x16xbf16>
  scf.for %i = %c0 to %c1 step %c1 : i32 {
    %now = tile.choose %even, %odd by %i : !tile.shared<16x16xbf16>
    tile.copy %x[%c0, %c0] limit %c1, %now : !tile.view<2x100x16xbf16>, !tile.shared<16x16xbf16>
    %0 = tile.read %now : (!tile.shared<16x16xbf16>) -> tensor<16x16xbf16, #mma>
  }
}
