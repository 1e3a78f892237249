// SPDX-License-Identifier: Apache-2.0
// The backward chain in four kernels; the pyramids of gradients stay inside the last.
// RUN: lighthouse-opt %s -lighthouse-invert-selections -lighthouse-fuse-stages | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
!q = tensor<1x1x250x16xf32>
!p = tensor<1x1x384x16xf32, #pyramid>
!rows = tensor<1x1x384x16xf32>
!sel = tensor<1x1x384xi32, #pyramid>
func.func @backward(%dout: !q, %sel: !sel, %qs: !rows, %lse: tensor<1x1x384xf32>) -> (!q, !q, !q) {
  %dos = lighthouse.scatter_backward %dout[%sel] : !q, !sel
  %dqs, %dks, %dvs = lighthouse.attend_backward %qs, %qs, %qs, %qs, %lse, %dos {scale = 0.25 : f32} : !rows, !rows, !rows
  %dpq, %dpk, %dpv = lighthouse.gather_backward %dqs, %dks, %dvs[%sel] {num_kv_heads = 1} : !rows, !sel
  %dq, %dk, %dv = lighthouse.pool_backward %dpq, %dpk, %dpv {element_type = f32} : !p, !p, !p
  return %dq, %dk, %dv : !q, !q, !q
}

// CHECK-LABEL: func.func @backward(
// CHECK-SAME: %[[DOUT:[^:]+]]: tensor<1x1x250x16xf32>, %[[SEL:[^:]+]]: tensor<1x1x384xi32, #pyramid>, %[[QS:[^:]+]]: tensor<1x1x384x16xf32>, %[[LSE:[^:]+]]: tensor<1x1x384xf32>
// CHECK-NEXT: %[[SLOTS:.+]] = lighthouse.kernel "invert" reads(%{{.+}} = %[[SEL]])
// CHECK: %[[DOS:.+]] = lighthouse.kernel "scatter_backward" reads(%{{.+}} = %[[DOUT]], %{{.+}} = %[[SEL]])
// A tensor read twice is bound once.
// CHECK: %[[DQS:.+]], %[[DKS:.+]], %[[DVS:.+]] = lighthouse.kernel "attend_backward" reads(%{{.+}} = %[[QS]], %{{.+}} = %[[LSE]], %{{.+}} = %[[DOS]])
// CHECK: %[[DQ:.+]], %[[DK:.+]], %[[DV:.+]] = lighthouse.kernel "gather_backward_pool_backward" reads(%{{.+}} = %[[DQS]], %{{.+}} = %[[DKS]], %{{.+}} = %[[DVS]], %{{.+}} = %[[SLOTS]])
// CHECK-SAME: -> (tensor<1x1x250x16xf32>, tensor<1x1x250x16xf32>, tensor<1x1x250x16xf32>) {
// CHECK-NEXT: %[[DPQ:.+]], %[[DPK:.+]], %[[DPV:.+]] = lighthouse.gather_backward
// CHECK-NEXT: lighthouse.pool_backward %[[DPQ]], %[[DPK]], %[[DPV]]
// CHECK: return %[[DQ]], %[[DK]], %[[DV]]
