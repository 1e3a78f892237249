// SPDX-License-Identifier: Apache-2.0
// The program up to the sub-sequence: three gradients come in, the selection passes none on.
// RUN: lighthouse-opt %s -lighthouse-differentiate | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
!q = tensor<1x1x256x16xf32>
!pq = tensor<1x1x384x16xf32, #pyramid>
!sel = tensor<1x1x384xi32, #pyramid>
!rows = tensor<1x1x384x16xf32>
func.func @forward(%q: !q {lighthouse.name = "q"}, %k: !q {lighthouse.name = "k"}, %v: !q {lighthouse.name = "v"})
    -> (!rows {lighthouse.name = "qs", lighthouse.differentiable}, !rows {lighthouse.name = "ks", lighthouse.differentiable},
        !rows {lighthouse.name = "vs", lighthouse.differentiable}, !sel {lighthouse.name = "indices"}) {
  %pq, %pk, %pv = lighthouse.pool %q, %k, %v {num_levels = 2, pooling_factor = 2} : !q, !q, !q
  %sq, %sk = lighthouse.score norm %pq, %pk : !pq, !pq
  %sel = lighthouse.select %sq, %sk {topk = 128} : tensor<1x1x128xf32, #pyramid>, tensor<1x1x128xf32, #pyramid>
  %qs, %ks, %vs = lighthouse.gather %pq, %pk, %pv[%sel] : !pq, !pq, !pq, !sel
  return %qs, %ks, %vs, %sel : !rows, !rows, !rows, !sel
}

// CHECK-LABEL: func.func @forward(
// CHECK: return %qs, %ks, %vs, %indices :
// CHECK-LABEL: func.func @backward(
// CHECK-SAME: %[[DQS:[^:]+]]: tensor<1x1x384x16xf32> {lighthouse.name = "dqs", lighthouse.strided},
// CHECK-SAME: %[[DKS:[^:]+]]: tensor<1x1x384x16xf32> {lighthouse.name = "dks", lighthouse.strided},
// CHECK-SAME: %[[DVS:[^:]+]]: tensor<1x1x384x16xf32> {lighthouse.name = "dvs", lighthouse.strided},
// CHECK-SAME: %[[SEL:[^:]+]]: tensor<1x1x384xi32, #pyramid> {lighthouse.name = "indices"})
// CHECK-NEXT: lighthouse.gather_backward %[[DQS]], %[[DKS]], %[[DVS]][%[[SEL]]] {num_kv_heads = 1 : i64}
// CHECK-NEXT: lighthouse.pool_backward
// CHECK-NEXT: return %dq, %dk, %dv
