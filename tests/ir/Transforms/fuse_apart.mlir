// SPDX-License-Identifier: Apache-2.0
// A stage joins its producer only with all of the results, in their order: a kernel has no more in its registers.
// RUN: lighthouse-opt %s -lighthouse-fuse-stages | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
!q = tensor<1x1x256x16xf32>
!p = tensor<1x1x384x16xf32, #pyramid>
!s = tensor<1x1x128xf32, #pyramid>
!rows = tensor<1x1x384x16xf32>
!slots = tensor<1x1x384xi32, #pyramid>
// CHECK-LABEL: func.func @two_pools
// CHECK-SAME: %[[Q:[^:]+]]: tensor<1x1x256x16xf32>, %[[K:[^:]+]]: tensor<1x1x256x16xf32>
// CHECK: %[[CQ:.+]] = lighthouse.kernel "pool" reads(%{{[^,]+}} = %[[Q]])
// CHECK: %[[CK:.+]] = lighthouse.kernel "pool_2" reads(%{{[^,]+}} = %[[K]])
// CHECK: lighthouse.kernel "score" reads(%[[A:[^,]+]] = %[[Q]], %[[B:[^,]+]] = %[[CQ]], %[[C:[^,]+]] = %[[K]], %[[D:[^,]+]] = %[[CK]])
// CHECK-NEXT: %[[PQ:.+]] = lighthouse.stack %[[A]], %[[B]]
// CHECK-NEXT: %[[PK:.+]] = lighthouse.stack %[[C]], %[[D]]
// CHECK-NEXT: lighthouse.score norm %[[PQ]], %[[PK]]
func.func @two_pools(%q: !q, %k: !q) -> (!s, !s) {
  %pq, %0, %1 = lighthouse.pool %q, %q, %q {num_levels = 2, pooling_factor = 2} : !q, !q, !q
  %2, %pk, %3 = lighthouse.pool %k, %k, %k {num_levels = 2, pooling_factor = 2} : !q, !q, !q
  %sq, %sk = lighthouse.score norm %pq, %pk : !p, !p
  return %sq, %sk : !s, !s
}

// CHECK-LABEL: func.func @keys_first
// CHECK: lighthouse.kernel "pool" reads
// CHECK: lighthouse.kernel "score" reads
func.func @keys_first(%q: !q, %k: !q) -> (!s, !s) {
  %pq, %pk, %pv = lighthouse.pool %q, %k, %k {num_levels = 2, pooling_factor = 2} : !q, !q, !q
  %sk, %sq = lighthouse.score norm %pk, %pq : !p, !p
  return %sq, %sk : !s, !s
}

// CHECK-LABEL: func.func @gradients
// CHECK: lighthouse.kernel "gather_backward" reads
// CHECK: lighthouse.kernel "pool_backward" reads
func.func @gradients(%dqs: !rows, %slots: !slots) -> (!q, !q, !q) {
  %dpq, %dpk, %dpv = lighthouse.gather_backward %dqs, %dqs, %dqs[inverse %slots] {num_kv_heads = 1} : !rows, !slots
  %dq, %dk, %dv = lighthouse.pool_backward %dpq, %dpv, %dpk {element_type = f32} : !p, !p, !p
  return %dq, %dk, %dv : !q, !q, !q
}
