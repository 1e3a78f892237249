// SPDX-License-Identifier: Apache-2.0
// A block of threads has a residue class of a head, a part of the values' columns and one way, and goes through 64 tokens at a time; the rows lie three apart.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile -cse | FileCheck %s

func.func @f(%q: tensor<1x4x1000x128xbf16>, %kv: tensor<1x2x1000x128xbf16>, %g: tensor<1x4x1000xf32>) {
  %0:2 = lighthouse.kernel "gla_squares" reads(%a = %q, %b = %kv, %c = %kv, %d = %g) : (tensor<1x4x1000x128xbf16>, tensor<1x2x1000x128xbf16>, tensor<1x2x1000x128xbf16>, tensor<1x4x1000xf32>) -> (tensor<1x4x2x1000xf32>, tensor<1x4x2x1000xf32>) {
    %oq, %ok = lighthouse.gla_squares %a, %b, %c, %d {dilation = 3, scale = 5.000000e-01, parts = 2} : tensor<1x4x1000x128xbf16>, tensor<1x2x1000x128xbf16>, tensor<1x2x1000x128xbf16>, tensor<1x4x1000xf32>
    lighthouse.yield %oq, %ok : tensor<1x4x2x1000xf32>, tensor<1x4x2x1000xf32>
  }
  return
}

// CHECK-LABEL: tile.kernel @f_gla_squares
// 4 heads, 3 classes, 2 parts, 2 ways.
// CHECK-SAME: blocks 48 threads 128
// CHECK: %[[STATE:.+]] = tile.alloc : <128x64xbf16>
// CHECK: %[[SUMS:.+]] = tile.alloc : <64xf32>
// CHECK: tile.copy {{.+}} {step = 3 : i64} : <1x4x1000x128xbf16>, <64x128xbf16>
// Of the values some columns.
// CHECK: tile.copy %{{.+}}[%{{.+}}, %{{.+}}, %{{.+}}, %{{.+}}] limit %{{.+}}, %{{.+}} {step = 3 : i64} : <1x2x1000x128xbf16>, <64x64xbf16>
// CHECK: scf.for {{.+}} iter_args(%[[BEFORE:.+]] = %{{.+}}) -> (tensor<128x64xf32, #mma>)
// CHECK: %[[A:.+]] = tile.reduce add
// CHECK: tile.write %[[A]], %[[SUMS]]
// CHECK: %[[ROUNDED:.+]] = arith.truncf %[[BEFORE]]
// CHECK: tile.write %[[ROUNDED]], %[[STATE]]
// CHECK: tile.barrier
// CHECK: tile.dot {{.+}} transposed : !tile.shared<64x128xbf16>, !tile.shared<64x128xbf16>, tensor<64x64xf32, #mma>
// CHECK: tile.keep lower
// CHECK: tile.dot %{{.+}}, %[[STATE]], {{.+}} : !tile.shared<64x128xbf16>, !tile.shared<128x64xbf16>, tensor<64x64xf32, #mma>
// CHECK: tile.dot {{.+}} : tensor<64x64xbf16, #mma>, !tile.shared<64x64xbf16>, tensor<64x64xf32, #mma>
// CHECK: tile.reduce add
// CHECK: tile.store {{.+}} !tile.view<1x4x2x1000xf32>
// Values decayed to the block's end.
// CHECK: %[[DECAYED:.+]] = tile.alias %{{.+}} : <64x128xbf16> to <64x64xbf16>
// CHECK-NEXT: tile.barrier
// CHECK: tile.write %{{.+}}, %[[DECAYED]]
// CHECK: tile.barrier
// CHECK: %[[AFTER:.+]] = tile.dot %{{.+}} a_transposed, %[[DECAYED]], %{{.+}} : !tile.shared<64x128xbf16>, !tile.shared<64x64xbf16>, tensor<128x64xf32, #mma>
// CHECK: scf.yield %[[AFTER]]
