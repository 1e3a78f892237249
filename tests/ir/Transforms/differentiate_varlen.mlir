// SPDX-License-Identifier: Apache-2.0
// The mark of rows that a call gives the number of goes on to gradients, which are then in the argument's elements.
// RUN: lighthouse-opt %s -lighthouse-differentiate | FileCheck %s

!q = tensor<1x2x128x16xbf16>
func.func @forward(%q: !q {lighthouse.name = "q", lighthouse.strided, lighthouse.varlen}, %k: !q {lighthouse.name = "k", lighthouse.strided, lighthouse.varlen}, %v: !q {lighthouse.name = "v", lighthouse.strided, lighthouse.varlen})
    -> (!q {lighthouse.name = "out", lighthouse.strided, lighthouse.varlen, lighthouse.differentiable}, tensor<1x2x128xf32> {lighthouse.name = "lse"}) {
  %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : !q, !q, !q
  return %os, %lse : !q, tensor<1x2x128xf32>
}

// CHECK-LABEL: func.func @backward(
// CHECK-SAME: {lighthouse.name = "dout", lighthouse.strided, lighthouse.varlen}
// CHECK-SAME: {lighthouse.name = "q", lighthouse.strided, lighthouse.varlen}
// CHECK-SAME: {lighthouse.name = "out", lighthouse.strided, lighthouse.varlen}
// CHECK-SAME: {lighthouse.name = "lse"})
// CHECK-SAME: -> (tensor<1x2x128x16xbf16> {lighthouse.name = "dq", lighthouse.strided, lighthouse.varlen}
// CHECK: %[[DQS:.+]], %[[DKS:.+]], %[[DVS:.+]] = lighthouse.attend_backward
// CHECK: %[[DQ:.+]] = lighthouse.round %[[DQS]] {element_type = bf16}
// CHECK: %[[DK:.+]] = lighthouse.round %[[DKS]]
// CHECK: %[[DV:.+]] = lighthouse.round %[[DVS]]
// CHECK: return %[[DQ]], %[[DK]], %[[DV]]
