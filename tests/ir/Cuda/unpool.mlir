// SPDX-License-Identifier: Apache-2.0
// A token sums the rows of the windows that cover it, coarse ones as means, which it shares with the other tokens of its window. Blocks of dq come first, then those of dk, which sum the heads of a group in order.
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
// CHECK-SAME: %[[DQ:[^:]+]]: !tile.view<1x2x250x8xbf16>, %[[DK:[^:]+]]: !tile.view<1x1x250x8xbf16>) blocks 3 threads 256 {
// CHECK: scf.if
// The coarse row of 256 windows, by their number behind the 256 tokens, then the two tokens of each.
// CHECK: %[[WINDOW:.+]] = arith.muli %{{.+}}, %[[TWO:.+]] : tensor<256xi32, #a_row>
// CHECK: %[[FINE:.+]] = arith.constant dense<256> : tensor<256xi32, #a_row>
// CHECK: %[[ENTRY:.+]] = arith.addi %{{.+}}, %[[FINE]]
// CHECK: %[[SLOT:.+]] = tile.load %[[SLOTS]][%{{.+}}, %{{.+}}, %[[ENTRY]]]
// CHECK: %[[ROW:.+]] = tile.load %[[DQS]][%{{.+}}, %{{.+}}, %[[SLOT]]]
// CHECK: %[[HALF:.+]] = arith.constant dense<5.000000e-01>
// CHECK: %[[COARSE:.+]] = math.fma %[[ROW]], %[[HALF]], %{{.+}} : tensor<256x8xf32, #rows>
// CHECK: scf.for
// CHECK: %[[TOKEN:.+]] = arith.addi %[[WINDOW]], %{{.+}}
// CHECK: tile.load %[[SLOTS]][%{{.+}}, %{{.+}}, %[[TOKEN]]]
// CHECK: %[[ROW:.+]] = tile.load %[[DQS]]
// CHECK: %[[SUM:.+]] = arith.addf %[[COARSE]], %[[ROW]] : tensor<256x8xf32, #rows>
// CHECK: %[[ROUNDED:.+]] = arith.truncf %[[SUM]]
// CHECK: tile.store %[[ROUNDED]], %[[DQ]][%{{.+}}, %{{.+}}, %[[TOKEN]]]
// CHECK: %[[NEXT:.+]] = arith.addi %[[TOKEN]], %{{.+}}
// CHECK: tile.load %[[SLOTS]][%{{.+}}, %{{.+}}, %[[NEXT]]]
// CHECK: %[[ROW:.+]] = tile.load %[[DQS]]
// CHECK: arith.addf %[[COARSE]], %[[ROW]]
// CHECK: tile.store %{{.+}}, %[[DQ]][%{{.+}}, %{{.+}}, %[[NEXT]]]
// CHECK: scf.if
// CHECK: %[[COARSE:.+]] = scf.for {{.+}} -> (tensor<256x8xf32, #rows>)
// CHECK: tile.load %[[DKS]]
// CHECK: math.fma
// CHECK: scf.yield
// CHECK: scf.for
// CHECK-COUNT-2: scf.for {{.+}} iter_args(%{{.+}} = %[[COARSE]]) -> (tensor<256x8xf32, #rows>)
// CHECK: tile.load %[[DKS]]
// CHECK: arith.addf
// CHECK: scf.yield
// CHECK: tile.store %{{.+}}, %[[DK]][
// Nothing wants dv.
// CHECK-NOT: scf.if
