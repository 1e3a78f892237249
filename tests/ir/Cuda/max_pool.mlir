// SPDX-License-Identifier: Apache-2.0
// A thread has a coarsest window of 4 tokens, in it those of level 1; the scores of its tokens are read at once.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
func.func @f(%tq: tensor<1x8x250xf32>, %tk: tensor<1x2x250xf32>) {
  %0:2 = lighthouse.kernel "max_pool" reads(%a = %tq, %b = %tk) : (tensor<1x8x250xf32>, tensor<1x2x250xf32>) -> (tensor<1x8x192xf32, #pyramid>, tensor<1x2x192xf32, #pyramid>) {
    %sq, %sk = lighthouse.max_pool %a, %b {pyramid = #pyramid} : tensor<1x8x250xf32>, tensor<1x2x250xf32>
    lighthouse.yield %sq, %sk : tensor<1x8x192xf32, #pyramid>, tensor<1x2x192xf32, #pyramid>
  }
  return
}

// CHECK: tile.kernel @f_max_pool(%[[TQ:[^:]+]]: !tile.view<1x8x250xf32>, %[[TK:[^:]+]]: !tile.view<1x2x250xf32>, %[[SQ:[^:]+]]: !tile.view<1x8x192xf32>,
// CHECK-SAME: %[[SK:[^:]+]]: !tile.view<1x2x192xf32>) blocks 10 threads 128 {
// CHECK: scf.if
// CHECK: scf.for {{.+}} -> (tensor<128xf32, #linear>)
// CHECK: tile.load %[[TQ]][{{.+}} mask
// CHECK: tile.load %[[TQ]][{{.+}} mask
// CHECK: arith.maximumf
// CHECK: tile.store %{{.+}}, %[[SQ]][
// CHECK: arith.maximumf
// CHECK: tile.store %{{.+}}, %[[SQ]][
// CHECK: scf.if
// CHECK: tile.load %[[TK]]
// CHECK: tile.store %{{.+}}, %[[SK]][
