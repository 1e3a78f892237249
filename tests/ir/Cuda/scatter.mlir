// SPDX-License-Identifier: Apache-2.0
// A token looks up the row of the entry that it hears of each level, and sums in float32.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 1000, padded_len = 1024, num_levels = 3, pooling_factor = 2>

func.func @f(%os: tensor<1x2x768x64xbf16>, %slots: tensor<1x2x1792xi32, #pyramid>) {
  %0 = lighthouse.kernel "scatter" reads(%a = %os, %i = %slots) : (tensor<1x2x768x64xbf16>, tensor<1x2x1792xi32, #pyramid>) -> tensor<1x2x1000x64xbf16> {
    %out = lighthouse.scatter %a[inverse %i] : tensor<1x2x768x64xbf16>, tensor<1x2x1792xi32, #pyramid>
    lighthouse.yield %out : tensor<1x2x1000x64xbf16>
  }
  return
}

// CHECK: tile.kernel @f_scatter(%[[OS:[^:]+]]: !tile.view<1x2x768x64xbf16>, %[[SLOTS:[^:]+]]: !tile.view<1x2x1792xi32>, %[[OUT:[^:]+]]: !tile.view<1x2x1000x64xbf16>) blocks 32 threads 256 {
// Level 0, 1, 2.
// CHECK-COUNT-3: %[[SLOT:.+]] = tile.load %[[SLOTS]][{{.+}} -> tensor<64xi32, #a_row>
// CHECK-NOT: tile.load %[[SLOTS]]
// CHECK: tile.load %[[OS]][{{.+}} -> tensor<64x64xbf16, #rows>
// CHECK: arith.addf %{{.+}} : tensor<64x64xf32, #rows>
// CHECK: arith.truncf %{{.+}} : tensor<64x64xf32, #rows> to tensor<64x64xbf16, #rows>
// CHECK: tile.store %{{.+}}, %[[OUT]][
