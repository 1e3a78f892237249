// SPDX-License-Identifier: Apache-2.0
// Keys and values share a kernel, and each kernel stands right behind what makes its rows: before the rows of queries are made.
// RUN: lighthouse-opt %s -lighthouse-invert-selections -lighthouse-fuse-stages "-lighthouse-split-gradients=keys-with-values" -split-input-file | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
!q = tensor<1x1x250x16xf32>
!rows = tensor<1x1x384x16xf32>
!n = tensor<1x1x384xf32>
!sel = tensor<1x1x384xi32, #pyramid>
func.func @backward(%qs: !rows, %lse: !n, %sel: !sel) -> (!q, !q, !q) {
  %dks, %dvs = lighthouse.attend_backward_keys %qs, %qs, %qs, %lse, %lse, %qs {scale = 0.25 : f32} : !rows, !rows, !rows, !n, !n, !rows
  %dqs = lighthouse.attend_backward_queries %qs, %qs, %qs, %lse, %lse, %qs {scale = 0.25 : f32} : !rows, !rows, !rows, !n, !n, !rows
  %dpq, %dpk, %dpv = lighthouse.gather_backward %dqs, %dks, %dvs[%sel] {num_kv_heads = 1} : !rows, !sel
  %dq, %dk, %dv = lighthouse.pool_backward %dpq, %dpk, %dpv {element_type = f32} : tensor<1x1x384x16xf32, #pyramid>, tensor<1x1x384x16xf32, #pyramid>, tensor<1x1x384x16xf32, #pyramid>
  return %dq, %dk, %dv : !q, !q, !q
}

// CHECK-LABEL: func.func @backward(
// CHECK: %[[SLOTS:.+]] = lighthouse.kernel "invert"
// CHECK: %[[DKS:.+]], %[[DVS:.+]] = lighthouse.kernel "attend_backward_keys"
// CHECK: %[[DK:.+]], %[[DV:.+]] = lighthouse.kernel "gather_backward_pool_backward_kv" reads(%[[A:.+]] = %[[DKS]], %[[B:.+]] = %[[DVS]], %[[S:.+]] = %[[SLOTS]]) :
// CHECK: %[[NONE:.+]] = ub.poison
// CHECK: lighthouse.gather_backward %[[NONE]], %[[A]], %[[B]][inverse %[[S]]]
// CHECK: lighthouse.yield %dk{{[_0-9]*}}, %dv{{[_0-9]*}} :
// CHECK: %[[QUERIES:.+]] = lighthouse.kernel "attend_backward_queries"
// CHECK: %[[DQ:.+]] = lighthouse.kernel "gather_backward_pool_backward_q" reads(%[[A:.+]] = %[[QUERIES]], %{{.+}} = %[[SLOTS]]) :
// CHECK: lighthouse.gather_backward %[[A]], %{{.+}}, %{{.+}}[inverse
// CHECK: lighthouse.yield %dq
// CHECK-NOT: lighthouse.kernel
// CHECK: return %[[DQ]], %[[DK]], %[[DV]]

// -----

// Nothing wants dk: dv is alone, and so named. Its rows come from outside.
#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
!q = tensor<1x1x250x16xf32>
!rows = tensor<1x1x384x16xf32>
!sel = tensor<1x1x384xi32, #pyramid>
func.func @backward(%dqs: !rows, %dks: !rows, %dvs: !rows, %sel: !sel) -> (!q, !q) {
  %dpq, %dpk, %dpv = lighthouse.gather_backward %dqs, %dks, %dvs[%sel] {num_kv_heads = 1} : !rows, !sel
  %dq, %dk, %dv = lighthouse.pool_backward %dpq, %dpk, %dpv {element_type = f32} : tensor<1x1x384x16xf32, #pyramid>, tensor<1x1x384x16xf32, #pyramid>, tensor<1x1x384x16xf32, #pyramid>
  return %dv, %dq : !q, !q
}

// CHECK-LABEL: func.func @backward(
// CHECK-SAME: %[[DQS:[^:]+]]: tensor<1x1x384x16xf32>, %{{[^:]+}}: tensor<1x1x384x16xf32>, %[[DVS:[^:]+]]: tensor<1x1x384x16xf32>
// CHECK: %[[SLOTS:.+]] = lighthouse.kernel "invert"
// CHECK: %[[DV:.+]] = lighthouse.kernel "gather_backward_pool_backward_v" reads(%{{.+}} = %[[DVS]], %{{.+}} = %[[SLOTS]]) :
// CHECK: %[[DQ:.+]] = lighthouse.kernel "gather_backward_pool_backward_q" reads(%{{.+}} = %[[DQS]], %{{.+}} = %[[SLOTS]]) :
// CHECK-NOT: lighthouse.kernel
// CHECK: return %[[DV]], %[[DQ]]
