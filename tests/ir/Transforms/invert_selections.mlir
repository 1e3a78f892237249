// SPDX-License-Identifier: Apache-2.0
// One inverse a selection, right behind it, serves both ops that send rows; those that look up keep the selection.
// RUN: lighthouse-opt %s -lighthouse-invert-selections | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
!rows = tensor<1x1x384x16xf32>
!sel = tensor<1x1x384xi32, #pyramid>
!s = tensor<1x1x128xf32, #pyramid>
// CHECK-LABEL: func.func @of_argument
// CHECK-SAME: %[[DOUT:[^:]+]]: tensor<1x1x250x16xf32>, %[[ROWS:[^:]+]]: tensor<1x1x384x16xf32>, %[[SEL:[^:]+]]: tensor<1x1x384xi32, #pyramid>
// CHECK-NEXT: %[[SLOTS:.+]] = lighthouse.invert %[[SEL]]
// CHECK-NEXT: lighthouse.scatter_backward %[[DOUT]][%[[SEL]]]
// CHECK-NEXT: lighthouse.scatter %[[ROWS]][inverse %[[SLOTS]]]
// CHECK-NEXT: lighthouse.gather_backward %[[ROWS]], %[[ROWS]], %[[ROWS]][inverse %[[SLOTS]]]
// CHECK-NOT: lighthouse.invert
func.func @of_argument(%dout: tensor<1x1x250x16xf32>, %rows: !rows, %sel: !sel) {
  %0 = lighthouse.scatter_backward %dout[%sel] : tensor<1x1x250x16xf32>, !sel
  %1 = lighthouse.scatter %rows[%sel] : !rows, !sel
  %2, %3, %4 = lighthouse.gather_backward %rows, %rows, %rows[%sel] {num_kv_heads = 1} : !rows, !sel
  return
}

// CHECK-LABEL: func.func @of_select
// CHECK: %[[SEL:.+]] = lighthouse.select
// CHECK-NEXT: %[[SLOTS:.+]] = lighthouse.invert %[[SEL]]
// CHECK-NEXT: lighthouse.scatter %{{.+}}[inverse %[[SLOTS]]]
// CHECK-NEXT: return %{{.+}}, %[[SEL]]
func.func @of_select(%rows: !rows, %sq: !s) -> (tensor<1x1x250x16xf32>, !sel) {
  %sel = lighthouse.select %sq, %sq {topk = 128} : !s, !s
  %out = lighthouse.scatter %rows[%sel] : !rows, !sel
  return %out, %sel : tensor<1x1x250x16xf32>, !sel
}

// An inverse is not inverted again.
// CHECK-LABEL: func.func @inverse
// CHECK-NOT: lighthouse.invert
// CHECK: lighthouse.scatter %{{.+}}[inverse %{{.+}}]
func.func @inverse(%rows: !rows, %slots: !sel) -> tensor<1x1x250x16xf32> {
  %out = lighthouse.scatter %rows[inverse %slots] : !rows, !sel
  return %out : tensor<1x1x250x16xf32>
}
