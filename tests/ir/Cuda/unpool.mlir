// SPDX-License-Identifier: Apache-2.0
// A token sums the rows of the windows that cover it, coarse ones as means. Blocks of dq come first, then those of dk, which sum the heads of a group in order.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>

func.func @f(%dqs: tensor<1x2x384x8xf32>, %dks: tensor<1x2x384x8xf32>, %slots: tensor<1x2x384xi32, #pyramid>) {
  %0:2 = lighthouse.kernel "unpool" reads(%a = %dqs, %b = %dks, %i = %slots)
      : (tensor<1x2x384x8xf32>, tensor<1x2x384x8xf32>, tensor<1x2x384xi32, #pyramid>) -> (tensor<1x2x250x8xbf16>, tensor<1x1x250x8xbf16>) {
    %dpq, %dpk, %dpv = lighthouse.gather_backward %a, %b, %b[inverse %i] {num_kv_heads = 1} : tensor<1x2x384x8xf32>, tensor<1x2x384xi32, #pyramid>
    %dq, %dk, %dv = lighthouse.pool_backward %dpq, %dpk, %dpv {element_type = bf16}
        : tensor<1x2x384x8xf32, #pyramid>, tensor<1x1x384x8xf32, #pyramid>, tensor<1x1x384x8xf32, #pyramid>
    lighthouse.yield %dq, %dk : tensor<1x2x250x8xbf16>, tensor<1x1x250x8xbf16>
  }
  return
}

// CHECK: tile.kernel @f_unpool(%[[DQS:[^:]+]]: !tile.view<1x2x384x8xf32>, %[[DKS:[^:]+]]: !tile.view<1x2x384x8xf32>, %[[SLOTS:[^:]+]]: !tile.view<1x2x384xi32>,
// CHECK-SAME: %[[DQ:[^:]+]]: !tile.view<1x2x250x8xbf16>, %[[DK:[^:]+]]: !tile.view<1x1x250x8xbf16>) blocks 6 threads 256 {
// CHECK: scf.if
// CHECK: tile.load %[[SLOTS]]
// CHECK: tile.load %[[DQS]]
// CHECK: arith.addf
// CHECK: tile.load %[[SLOTS]]
// CHECK: tile.load %[[DQS]]
// CHECK: math.fma
// CHECK: tile.store %{{.+}}, %[[DQ]][
// CHECK: scf.if
// CHECK: scf.for {{.+}} -> (tensor<128x8xf32, #rows>)
// CHECK: tile.load %[[DKS]]
// CHECK: tile.load %[[DKS]]
// CHECK: scf.yield
// CHECK: tile.store %{{.+}}, %[[DK]][
// Nothing wants dv.
// CHECK-NOT: scf.if
