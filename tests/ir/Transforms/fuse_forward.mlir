// SPDX-License-Identifier: Apache-2.0
// The forward chain in five kernels. Pyramids cross them as their coarse levels and, in `gather`, the tokens: level 0 is never written.
// RUN: lighthouse-opt %s -lighthouse-invert-selections -lighthouse-fuse-stages | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
!q = tensor<1x4x250x16xf32>
!k = tensor<1x2x250x16xf32>
!pq = tensor<1x4x384x16xf32, #pyramid>
!pk = tensor<1x2x384x16xf32, #pyramid>
!rows = tensor<1x4x384x16xf32>
!sel = tensor<1x4x384xi32, #pyramid>
func.func @forward(%q: !q, %k: !k, %v: !k) -> (!q, !sel) {
  %pq, %pk, %pv = lighthouse.pool %q, %k, %v {num_levels = 2, pooling_factor = 2, padded_len = 256} : !q, !k, !k
  %sq, %sk = lighthouse.score norm %pq, %pk : !pq, !pk
  %sel = lighthouse.select %sq, %sk {topk = 128} : tensor<1x4x128xf32, #pyramid>, tensor<1x2x128xf32, #pyramid>
  %qs, %ks, %vs = lighthouse.gather %pq, %pk, %pv[%sel] : !pq, !pk, !pk, !sel
  %os, %lse = lighthouse.attend %qs, %ks, %vs {scale = 0.25 : f32} : !rows, !rows, !rows
  %out = lighthouse.scatter %os[%sel] : !rows, !sel
  return %out, %sel : !q, !sel
}

// CHECK-LABEL: func.func @forward(
// CHECK-SAME: %[[Q:[^:]+]]: tensor<1x4x250x16xf32>, %[[K:[^:]+]]: tensor<1x2x250x16xf32>, %[[V:[^:]+]]: tensor<1x2x250x16xf32>

// CHECK-NEXT: %[[CQ:.+]], %[[CK:.+]], %[[CV:.+]], %[[SQ:.+]], %[[SK:.+]] = lighthouse.kernel "pool_score" reads(%[[A:.+]] = %[[Q]], %[[B:.+]] = %[[K]], %[[C:.+]] = %[[V]])
// CHECK-SAME: -> (tensor<1x4x128x16xf32, #pyramid>, tensor<1x2x128x16xf32, #pyramid>, tensor<1x2x128x16xf32, #pyramid>, tensor<1x4x128xf32, #pyramid>, tensor<1x2x128xf32, #pyramid>) {
// CHECK-NEXT: %[[PQ:.+]], %[[PK:.+]], %[[PV:.+]] = lighthouse.pool %[[A]], %[[B]], %[[C]]
// CHECK-NEXT: lighthouse.score norm %[[PQ]], %[[PK]]
// CHECK-NEXT: lighthouse.coarse %[[PQ]]
// CHECK-NEXT: lighthouse.coarse %[[PK]]
// CHECK-NEXT: lighthouse.coarse %[[PV]]
// CHECK-NEXT: lighthouse.yield

// CHECK: %[[SEL:.+]], %[[SLOTS:.+]] = lighthouse.kernel "select_invert" reads(%{{.+}} = %[[SQ]], %{{.+}} = %[[SK]])
// CHECK-NEXT: lighthouse.select
// CHECK-NEXT: lighthouse.invert
// CHECK-NEXT: lighthouse.yield

// CHECK: %[[QS:.+]], %[[KS:.+]], %[[VS:.+]] = lighthouse.kernel "gather"
// CHECK-SAME: reads(%[[A:.+]] = %[[Q]], %[[B:.+]] = %[[CQ]], %[[C:.+]] = %[[K]], %[[D:.+]] = %[[CK]], %[[E:.+]] = %[[V]], %[[F:.+]] = %[[CV]], %[[G:.+]] = %[[SEL]])
// CHECK-NEXT: %[[PQ:.+]] = lighthouse.stack %[[A]], %[[B]]
// CHECK-NEXT: %[[PK:.+]] = lighthouse.stack %[[C]], %[[D]]
// CHECK-NEXT: %[[PV:.+]] = lighthouse.stack %[[E]], %[[F]]
// CHECK-NEXT: lighthouse.gather %[[PQ]], %[[PK]], %[[PV]][%[[G]]]

// CHECK: %[[OS:.+]] = lighthouse.kernel "attend" reads(%{{.+}} = %[[QS]], %{{.+}} = %[[KS]], %{{.+}} = %[[VS]])
// CHECK: %[[OUT:.+]] = lighthouse.kernel "scatter" reads(%{{.+}} = %[[OS]], %{{.+}} = %[[SLOTS]])
// CHECK: return %[[OUT]], %[[SEL]]
