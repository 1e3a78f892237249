// SPDX-License-Identifier: Apache-2.0
// One kernel for each of dq, dk and dv: it reads its own rows, and poison stands for the others'.
// RUN: lighthouse-opt %s -lighthouse-invert-selections -lighthouse-fuse-stages -lighthouse-split-gradients | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
!q = tensor<1x2x250x16xf32>
!kv = tensor<1x1x250x16xf32>
!rows = tensor<1x2x384x16xf32>
!sel = tensor<1x2x384xi32, #pyramid>
func.func @backward(%dqs: !rows, %dks: !rows, %dvs: !rows, %sel: !sel) -> (!kv, !q, !kv) {
  %dpq, %dpk, %dpv = lighthouse.gather_backward %dqs, %dks, %dvs[%sel] {num_kv_heads = 1} : !rows, !sel
  %dq, %dk, %dv = lighthouse.pool_backward %dpq, %dpk, %dpv {element_type = f32} : tensor<1x2x384x16xf32, #pyramid>, tensor<1x1x384x16xf32, #pyramid>, tensor<1x1x384x16xf32, #pyramid>
  return %dv, %dq, %dk : !kv, !q, !kv
}

// CHECK-LABEL: func.func @backward(
// CHECK-SAME: %[[DQS:[^:]+]]: tensor<1x2x384x16xf32>, %[[DKS:[^:]+]]: tensor<1x2x384x16xf32>, %[[DVS:[^:]+]]: tensor<1x2x384x16xf32>
// CHECK: %[[SLOTS:.+]] = lighthouse.kernel "invert"
// CHECK: %[[DQ:.+]] = lighthouse.kernel "gather_backward_pool_backward_q" reads(%[[A:.+]] = %[[DQS]], %[[S:.+]] = %[[SLOTS]]) :
// CHECK-NEXT: %[[NONE:.+]] = ub.poison
// CHECK: lighthouse.gather_backward %[[A]], %[[NONE]], %{{.+}}[inverse %[[S]]]
// CHECK: lighthouse.yield %dq{{[_0-9]*}} :
// CHECK: %[[DK:.+]] = lighthouse.kernel "gather_backward_pool_backward_k" reads(%{{.+}} = %[[DKS]], %{{.+}} = %[[SLOTS]]) :
// CHECK: lighthouse.yield %dk{{[_0-9]*}} :
// CHECK: %[[DV:.+]] = lighthouse.kernel "gather_backward_pool_backward_v" reads(%{{.+}} = %[[DVS]], %{{.+}} = %[[SLOTS]]) :
// CHECK: lighthouse.yield %dv{{[_0-9]*}} :
// CHECK-NOT: lighthouse.kernel
// CHECK: return %[[DV]], %[[DQ]], %[[DK]]
