// SPDX-License-Identifier: Apache-2.0
// Tensor copies to global memory, from the first column or another, and additions to it.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#mma = #tile.mma<warps = 4>
// CHECK-LABEL: tile.kernel @send
// CHECK: tile.publish
// CHECK: tile.send %{{.+}}, %{{.+}}[%{{.+}}, %{{.+}}, %{{.+}}] : <64x128xbf16, panels>, <1x8x4096x128xbf16, strided>
// CHECK: tile.send add %{{.+}}, %{{.+}}[%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}] : <64x64xf32, panels>, <1x8x4096x128xf32>
// CHECK: tile.drain
tile.kernel @send(%x: !tile.view<1x8x4096x128xbf16, strided>, %y: !tile.view<1x8x4096x128xf32>) blocks 1 threads 384 {
  %a = tile.alloc : !tile.shared<64x128xbf16, panels>
  %b = tile.alloc : !tile.shared<64x64xf32, panels>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %sums = arith.constant dense<0.0> : tensor<64x64xf32, #mma>
    tile.write %sums, %b : (tensor<64x64xf32, #mma>, !tile.shared<64x64xf32, panels>)
    tile.publish
    tile.meet %i threads 128
    tile.send %a, %x[%i, %i, %i] : !tile.shared<64x128xbf16, panels>, !tile.view<1x8x4096x128xbf16, strided>
    tile.send add %b, %y[%i, %i, %i, %i] : !tile.shared<64x64xf32, panels>, !tile.view<1x8x4096x128xf32>
    tile.drain
  }
}
