// SPDX-License-Identifier: Apache-2.0
// All that plain attention's adjoint uses is an argument or a result already: nothing more is saved, and strides are passed on.
// RUN: lighthouse-opt %s -lighthouse-differentiate | FileCheck %s

!q = tensor<1x4x100x16xf32>
!k = tensor<1x2x100x16xf32>
func.func @forward(%q: !q {lighthouse.name = "q", lighthouse.strided}, %k: !k {lighthouse.name = "k", lighthouse.strided}, %v: !k {lighthouse.name = "v", lighthouse.strided})
    -> (!q {lighthouse.name = "out", lighthouse.strided, lighthouse.differentiable}, tensor<1x4x100xf32> {lighthouse.name = "lse"}) {
  %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : !q, !k, !k
  return %os, %lse : !q, tensor<1x4x100xf32>
}

// CHECK-LABEL: func.func @forward(
// CHECK-SAME: tensor<1x4x100xf32> {lighthouse.name = "lse"}) {
// CHECK: return %os, %lse : tensor<1x4x100x16xf32>, tensor<1x4x100xf32>
// CHECK-LABEL: func.func @backward(
// CHECK-SAME: %[[DOUT:[^:]+]]: tensor<1x4x100x16xf32> {lighthouse.name = "dout", lighthouse.strided},
// CHECK-SAME: %[[Q:[^:]+]]: tensor<1x4x100x16xf32> {lighthouse.name = "q", lighthouse.strided},
// CHECK-SAME: %[[K:[^:]+]]: tensor<1x2x100x16xf32> {lighthouse.name = "k", lighthouse.strided},
// CHECK-SAME: %[[V:[^:]+]]: tensor<1x2x100x16xf32> {lighthouse.name = "v", lighthouse.strided},
// CHECK-SAME: %[[OUT:[^:]+]]: tensor<1x4x100x16xf32> {lighthouse.name = "out", lighthouse.strided},
// CHECK-SAME: %[[LSE:[^:]+]]: tensor<1x4x100xf32> {lighthouse.name = "lse"}) ->
// CHECK: lighthouse.attend_backward %[[Q]], %[[K]], %[[V]], %[[OUT]], %[[LSE]], %[[DOUT]]
