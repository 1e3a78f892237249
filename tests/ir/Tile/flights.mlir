// SPDX-License-Identifier: Apache-2.0
// What is held to around products: they are awaited in their block of ops, before what they read is released, and
// what they read is published. Blocks of ops inside may have products of their own when none is under way.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s
#mma = #tile.mma<warps = 4>

// CHECK-LABEL: tile.kernel @f(
// CHECK: scf.for
// CHECK: tile.dot_async
// CHECK: tile.dot_async
// CHECK: tile.await
// CHECK: tile.release
tile.kernel @f() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %c = arith.constant 1 : i32
    %zero = arith.constant dense<0.0> : tensor<64x64xf32, #mma>
    %none = arith.constant dense<0.0> : tensor<64x64xbf16, #mma>
    %sums, %p = scf.for %n = %i to %c step %c iter_args(%old = %zero, %weights = %none) -> (tensor<64x64xf32, #mma>, tensor<64x64xbf16, #mma>) : i32 {
      %tile = tile.receive %k[%n] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
      %s = tile.dot_async %q, %tile b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
      %o = tile.dot_async %weights, %tile, %old : (tensor<64x64xbf16, #mma>, !tile.shared<64x64xbf16, panels>, tensor<64x64xf32, #mma>) -> !tile.pending<tensor<64x64xf32, #mma>>
      %scores = tile.await %s : !tile.pending<tensor<64x64xf32, #mma>>
      // Read by no product.
      %before = arith.subi %n, %c : i32
      tile.release %k[%before] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
      %more = tile.await %o : !tile.pending<tensor<64x64xf32, #mma>>
      // Made from what came while a product was under way, but after it.
      %next = arith.truncf %scores : tensor<64x64xf32, #mma> to tensor<64x64xbf16, #mma>
      tile.release %k[%n] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
      tile.write %next, %q : (tensor<64x64xbf16, #mma>, !tile.shared<64x64xbf16, panels>)
      tile.publish
      scf.yield %more, %next : tensor<64x64xf32, #mma>, tensor<64x64xbf16, #mma>
    }
  }
}
