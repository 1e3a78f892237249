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
// Two tokens hear the same entries of levels 1 and 2: those of the window that ends one position before the first of them.
// CHECK: %[[ONE:.+]] = arith.constant dense<1> : tensor<32xi32, #a_row>
// CHECK: %[[STEP:.+]] = arith.subi %{{.+}}, %[[ONE]]
// CHECK: %[[FIRST:.+]] = arith.muli %[[STEP]], %{{.+}}
// CHECK: %[[LEVEL1:.+]] = arith.constant dense<1024> :
// CHECK: %[[ENTRY:.+]] = arith.addi %[[STEP]], %[[LEVEL1]]
// CHECK: %[[SLOT:.+]] = tile.load %[[SLOTS]][%{{.+}}, %{{.+}}, %[[ENTRY]]]
// CHECK: tile.load %[[OS]][%{{.+}}, %{{.+}}, %[[SLOT]]] {{.+}} -> tensor<32x64xbf16, #rows>
// CHECK: %[[SUM1:.+]] = arith.addf %{{.+}} : tensor<32x64xf32, #rows>
// CHECK: %[[LEVEL2:.+]] = arith.constant dense<1536> :
// CHECK: %[[ENTRY:.+]] = arith.addi %{{.+}}, %[[LEVEL2]]
// CHECK: %[[SLOT:.+]] = tile.load %[[SLOTS]][%{{.+}}, %{{.+}}, %[[ENTRY]]]
// CHECK: tile.load %[[OS]][%{{.+}}, %{{.+}}, %[[SLOT]]]
// CHECK: %[[SUM2:.+]] = arith.addf %[[SUM1]], %{{.+}} : tensor<32x64xf32, #rows>
// The tokens: w c + c - 1 and the next.
// CHECK: scf.for
// CHECK: %[[BEGIN:.+]] = arith.addi %[[FIRST]], %{{.+}}
// CHECK: %[[TOKEN:.+]] = arith.addi %[[BEGIN]], %[[ONE]]
// CHECK: %[[SLOT:.+]] = tile.load %[[SLOTS]][%{{.+}}, %{{.+}}, %[[TOKEN]]]
// CHECK: tile.load %[[OS]][%{{.+}}, %{{.+}}, %[[SLOT]]]
// CHECK: %[[SUM:.+]] = arith.addf %[[SUM2]], %{{.+}} : tensor<32x64xf32, #rows>
// CHECK: %[[ROUNDED:.+]] = arith.truncf %[[SUM]] : tensor<32x64xf32, #rows> to tensor<32x64xbf16, #rows>
// CHECK: tile.store %[[ROUNDED]], %[[OUT]][%{{.+}}, %{{.+}}, %[[TOKEN]]]
// CHECK: %[[NEXT:.+]] = arith.addi %[[TOKEN]], %[[ONE]]
// CHECK: tile.load %[[SLOTS]][%{{.+}}, %{{.+}}, %[[NEXT]]]
// CHECK: arith.addf %[[SUM2]], %{{.+}}
// CHECK: tile.store %{{.+}}, %[[OUT]][%{{.+}}, %{{.+}}, %[[NEXT]]]
// CHECK-NOT: tile.load %[[SLOTS]]
