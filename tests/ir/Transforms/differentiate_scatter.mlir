// SPDX-License-Identifier: Apache-2.0
// The program from the sub-sequence on; %sel gets no gradient.
// RUN: lighthouse-opt %s -lighthouse-differentiate | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
!rows = tensor<1x1x384x16xf16>
!sel = tensor<1x1x384xi32, #pyramid>
func.func @forward(%os: !rows {lighthouse.name = "os", lighthouse.strided}, %sel: !sel {lighthouse.name = "indices"})
    -> (tensor<1x1x250x16xf16> {lighthouse.name = "out", lighthouse.differentiable}) {
  %out = lighthouse.scatter %os[%sel] : !rows, !sel
  return %out : tensor<1x1x250x16xf16>
}

// CHECK-LABEL: func.func @backward(
// CHECK-SAME: %[[DOUT:[^:]+]]: tensor<1x1x250x16xf16> {lighthouse.name = "dout", lighthouse.strided},
// CHECK-SAME: %[[SEL:[^:]+]]: tensor<1x1x384xi32, #pyramid> {lighthouse.name = "indices"})
// CHECK-SAME: -> (tensor<1x1x384x16xf16> {lighthouse.name = "dos", lighthouse.strided}) {
// CHECK-NEXT: %dos = lighthouse.scatter_backward %[[DOUT]][%[[SEL]]]
// CHECK-NEXT: return %dos
