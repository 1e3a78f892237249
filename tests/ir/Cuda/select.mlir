// SPDX-License-Identifier: Apache-2.0
// Selection, a block a tile: a search for each level and score, a list of what is kept, then slots by counting.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 1000, padded_len = 1024, num_levels = 3, pooling_factor = 2>
func.func @f(%sq: tensor<1x4x768xf32, #pyramid>, %sk: tensor<1x2x768xf32, #pyramid>) {
  %0:2 = lighthouse.kernel "select_invert" reads(%a = %sq, %b = %sk) : (tensor<1x4x768xf32, #pyramid>, tensor<1x2x768xf32, #pyramid>)
      -> (tensor<1x4x1280xi32, #pyramid>, tensor<1x4x1792xi32, #pyramid>) {
    %sel = lighthouse.select %a, %b {topk = 256} : tensor<1x4x768xf32, #pyramid>, tensor<1x2x768xf32, #pyramid>
    %slots = lighthouse.invert %sel : tensor<1x4x1280xi32, #pyramid>
    lighthouse.yield %sel, %slots : tensor<1x4x1280xi32, #pyramid>, tensor<1x4x1792xi32, #pyramid>
  }
  return
}

// CHECK: tile.kernel @f_select_invert(%[[SQ:[^:]+]]: !tile.view<1x4x768xf32>, %[[SK:[^:]+]]: !tile.view<1x2x768xf32>,
// CHECK-SAME: %[[INDICES:[^:]+]]: !tile.view<1x4x1280xi32>, %[[SLOTS:[^:]+]]: !tile.view<1x4x1792xi32>) blocks 8 threads 512
// CHECK: tile.load %[[SQ]]
// CHECK: tile.load %[[SK]]
// The tile's part of each level.
// CHECK: tile.fill %{{.+}}, %[[SLOTS]]{{.+}} {count = 512}
// CHECK: tile.fill %{{.+}}, %[[SLOTS]]{{.+}} {count = 256}
// CHECK: tile.fill %{{.+}}, %[[SLOTS]]{{.+}} {count = 128}
// Level 2 by either score, then level 1.
// CHECK-COUNT-2: scf.while
// CHECK: tile.scan
// CHECK: tile.write {{.+}} mask
// CHECK: tile.load %[[SQ]]
// CHECK: tile.load %[[SK]]
// CHECK-COUNT-2: scf.while
// CHECK: tile.write {{.+}} mask
// CHECK-NOT: scf.while
// Level 0, 1 and 2.
// CHECK: tile.store %{{.+}}, %[[INDICES]]
// CHECK: tile.store %{{.+}}, %[[SLOTS]]
// CHECK-COUNT-2: tile.store %{{.+}}, %[[INDICES]]
