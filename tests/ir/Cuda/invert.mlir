// SPDX-License-Identifier: Apache-2.0
// A lone inverse: each tile's part of every level is filled with -1, then written slot by slot.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 1024, padded_len = 1024, num_levels = 2, pooling_factor = 2>
func.func @f(%sel: tensor<2x3x1024xi32, #pyramid>) {
  %0 = lighthouse.kernel "invert" reads(%a = %sel) : (tensor<2x3x1024xi32, #pyramid>) -> tensor<2x3x1536xi32, #pyramid> {
    %slots = lighthouse.invert %a : tensor<2x3x1024xi32, #pyramid>
    lighthouse.yield %slots : tensor<2x3x1536xi32, #pyramid>
  }
  return
}

// 512 kept entries below two tiles of 256 windows.
// CHECK: tile.kernel @f_invert(%[[INDICES:[^:]+]]: !tile.view<2x3x1024xi32>, %[[SLOTS:[^:]+]]: !tile.view<2x3x1536xi32>) blocks 12 threads 512
// CHECK: tile.fill %[[NONE:.+]], %[[SLOTS]]{{.+}} {count = 512}
// CHECK: tile.fill %[[NONE]], %[[SLOTS]]{{.+}} {count = 256}
// CHECK: tile.barrier
// CHECK: %[[ENTRY:.+]] = tile.load %[[INDICES]]
// CHECK: tile.store %{{.+}}, %[[SLOTS]][%{{.+}}, %{{.+}}, %[[ENTRY]]]
