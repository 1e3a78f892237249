// SPDX-License-Identifier: Apache-2.0
// Products that run by themselves: either factor transposed, the left one of shared memory or registers, one added to
// another that is under way.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#mma = #tile.mma<warps = 4>
// CHECK-LABEL: tile.kernel @dot_async
// CHECK: %[[S:.+]] = tile.dot_async %{{.+}}, %{{.+}} b_transposed : (!tile.shared<64x128xbf16, panels>, !tile.shared<64x128xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
// CHECK: %[[SCORES:.+]] = tile.await %[[S]] : <tensor<64x64xf32, #mma>>
// CHECK: %[[P:.+]] = arith.truncf %[[SCORES]]
// CHECK: %[[A:.+]] = tile.dot_async %[[P]], %{{.+}}, %{{.+}} : (tensor<64x64xbf16, #mma>, !tile.shared<64x128xbf16, panels>, tensor<64x128xf32, #mma>) -> !tile.pending<tensor<64x128xf32, #mma>>
// CHECK: %[[B:.+]] = tile.dot_async %{{.+}} a_transposed, %{{.+}}, %[[A]] : (!tile.shared<128x64xbf16, panels>, !tile.shared<128x128xbf16, panels>, !tile.pending<tensor<64x128xf32, #mma>>) -> !tile.pending<tensor<64x128xf32, #mma>>
// CHECK: %[[C:.+]] = tile.dot_async %{{.+}} a_transposed, %{{.+}} b_transposed : (!tile.shared<128x64xbf16, panels>, !tile.shared<256x128xbf16, panels>) -> !tile.pending<tensor<64x256xf32, #mma>>
// CHECK: tile.await %[[B]]
// CHECK: tile.await %[[C]]
tile.kernel @dot_async() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x128xbf16, panels>
  %ds = tile.alloc : !tile.shared<128x64xbf16, panels>
  %k = tile.alloc : !tile.shared<128x128xbf16, panels>
  %wide = tile.alloc : !tile.shared<256x128xbf16, panels>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %s = tile.dot_async %q, %q b_transposed : (!tile.shared<64x128xbf16, panels>, !tile.shared<64x128xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    %scores = tile.await %s : !tile.pending<tensor<64x64xf32, #mma>>
    %p = arith.truncf %scores : tensor<64x64xf32, #mma> to tensor<64x64xbf16, #mma>
    %sums = arith.constant dense<0.0> : tensor<64x128xf32, #mma>
    %a = tile.dot_async %p, %q, %sums : (tensor<64x64xbf16, #mma>, !tile.shared<64x128xbf16, panels>, tensor<64x128xf32, #mma>) -> !tile.pending<tensor<64x128xf32, #mma>>
    %b = tile.dot_async %ds a_transposed, %k, %a : (!tile.shared<128x64xbf16, panels>, !tile.shared<128x128xbf16, panels>, !tile.pending<tensor<64x128xf32, #mma>>) -> !tile.pending<tensor<64x128xf32, #mma>>
    %c = tile.dot_async %ds a_transposed, %wide b_transposed : (!tile.shared<128x64xbf16, panels>, !tile.shared<256x128xbf16, panels>) -> !tile.pending<tensor<64x256xf32, #mma>>
    %0 = tile.await %b : !tile.pending<tensor<64x128xf32, #mma>>
    %1 = tile.await %c : !tile.pending<tensor<64x256xf32, #mma>>
  }
}
