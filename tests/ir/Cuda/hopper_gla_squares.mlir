// SPDX-License-Identifier: Apache-2.0
// For sm_90a: one warpgroup, whose products run by themselves; a state of 128 rows is two tiles.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile=arch=sm_90a -cse | FileCheck %s

func.func @f(%q: tensor<1x4x1000x128xbf16>, %kv: tensor<1x2x1000x128xbf16>, %g: tensor<1x4x1000xf32>) {
  %0:2 = lighthouse.kernel "gla_squares" reads(%a = %q, %b = %kv, %c = %kv, %d = %g) : (tensor<1x4x1000x128xbf16>, tensor<1x2x1000x128xbf16>, tensor<1x2x1000x128xbf16>, tensor<1x4x1000xf32>) -> (tensor<1x4x2x1000xf32>, tensor<1x4x2x1000xf32>) {
    %oq, %ok = lighthouse.gla_squares %a, %b, %c, %d {dilation = 3, scale = 5.000000e-01, parts = 2} : tensor<1x4x1000x128xbf16>, tensor<1x2x1000x128xbf16>, tensor<1x2x1000x128xbf16>, tensor<1x4x1000xf32>
    lighthouse.yield %oq, %ok : tensor<1x4x2x1000xf32>, tensor<1x4x2x1000xf32>
  }
  return
}

// CHECK-LABEL: tile.kernel @f_gla_squares
// CHECK-SAME: blocks 48 threads 128
// CHECK: tile.roles threads [128] registers [240]
// CHECK: scf.for {{.+}} iter_args(%{{.+}} = %{{.+}}, %{{.+}} = %{{.+}}) -> (tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>)
// CHECK: tile.wait {pending = 0}
// CHECK-NEXT: tile.publish
// CHECK-NEXT: tile.barrier
// CHECK: tile.publish
// CHECK-NEXT: tile.barrier
// Of the state that was, a panel of queries at a time.
// CHECK: %[[FIRST:.+]] = tile.dot_async
// CHECK: %[[OLD:.+]] = tile.dot_async %{{.+}}, %{{.+}}, %[[FIRST]]
// CHECK: %[[SCORES:.+]] = tile.dot_async %{{.+}}, %{{.+}} b_transposed : (!tile.shared<64x128xbf16, panels>, !tile.shared<64x128xbf16, panels>)
// Meanwhile the values are decayed.
// CHECK: tile.write
// CHECK: tile.await %[[OLD]]
// CHECK: tile.await %[[SCORES]]
// CHECK: tile.keep lower
// CHECK: tile.dot_async
// CHECK: tile.dot_async %{{.+}} a_transposed
// CHECK: tile.dot_async %{{.+}} a_transposed
// CHECK: tile.store
