// SPDX-License-Identifier: Apache-2.0
// The inverse of a selection that forward gives and backward gets is inverted in forward only.
// RUN: lighthouse-opt %s -lighthouse-share-inverses -split-input-file | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
!rows = tensor<1x1x384x16xf32>
!sel = tensor<1x1x384xi32, #pyramid>
!s = tensor<1x1x128xf32, #pyramid>
!tokens = tensor<1x1x250x16xf32>
// CHECK-LABEL: func.func @forward(
// CHECK-SAME: -> (tensor<1x1x250x16xf32> {lighthouse.name = "out"}, tensor<1x1x384xi32, #pyramid> {lighthouse.name = "indices"}, tensor<1x1x384xi32, #pyramid> {lighthouse.name = "slots"})
// CHECK: %[[SEL:.+]] = lighthouse.select
// CHECK: %[[SLOTS:.+]] = lighthouse.invert %[[SEL]]
// CHECK: %[[OUT:.+]] = lighthouse.scatter
// CHECK: return %[[OUT]], %[[SEL]], %[[SLOTS]]
func.func @forward(%sq: !s, %os: !rows) -> (!tokens {lighthouse.name = "out"}, !sel {lighthouse.name = "indices"}) {
  %sel = lighthouse.select %sq, %sq {topk = 128} : !s, !s
  %slots = lighthouse.invert %sel : !sel
  %out = lighthouse.scatter %os[inverse %slots] : !rows, !sel
  return %out, %sel : !tokens, !sel
}
// CHECK-LABEL: func.func @backward(
// CHECK-SAME: %{{[^:]+}}: tensor<1x1x384xi32, #pyramid> {lighthouse.name = "indices"}, %[[DQS:[^:]+]]: tensor<1x1x384x16xf32> {lighthouse.name = "dqs"}, %[[SLOTS:[^:]+]]: tensor<1x1x384xi32, #pyramid> {lighthouse.name = "slots"})
// CHECK-NOT: lighthouse.invert
// CHECK: lighthouse.gather_backward %[[DQS]], %[[DQS]], %[[DQS]][inverse %[[SLOTS]]]
func.func @backward(%sel: !sel {lighthouse.name = "indices"}, %dqs: !rows {lighthouse.name = "dqs"}) {
  %slots = lighthouse.invert %sel : !sel
  %0, %1, %2 = lighthouse.gather_backward %dqs, %dqs, %dqs[inverse %slots] {num_kv_heads = 1} : !rows, !sel
  return
}

// -----

// Only backward inverts.
#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
!sel = tensor<1x1x384xi32, #pyramid>
!s = tensor<1x1x128xf32, #pyramid>
// CHECK-LABEL: func.func @forward(
// CHECK-SAME: -> (tensor<1x1x384xi32, #pyramid> {lighthouse.name = "indices"}) {
func.func @forward(%sq: !s) -> (!sel {lighthouse.name = "indices"}) {
  %sel = lighthouse.select %sq, %sq {topk = 128} : !s, !s
  return %sel : !sel
}
// CHECK-LABEL: func.func @backward(
// CHECK-SAME: %[[SEL:[^:,]+]]: tensor<1x1x384xi32, #pyramid> {lighthouse.name = "indices"}) ->
// CHECK: lighthouse.invert %[[SEL]]
func.func @backward(%sel: !sel {lighthouse.name = "indices"}) -> !sel {
  %slots = lighthouse.invert %sel : !sel
  return %slots : !sel
}

// -----

// Only forward inverts.
#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
!rows = tensor<1x1x384x16xf32>
!sel = tensor<1x1x384xi32, #pyramid>
!s = tensor<1x1x128xf32, #pyramid>
!tokens = tensor<1x1x250x16xf32>
// CHECK-LABEL: func.func @forward(
// CHECK-SAME: -> (tensor<1x1x250x16xf32> {lighthouse.name = "out"}, tensor<1x1x384xi32, #pyramid> {lighthouse.name = "indices"}) {
// CHECK: lighthouse.invert
func.func @forward(%sq: !s, %os: !rows) -> (!tokens {lighthouse.name = "out"}, !sel {lighthouse.name = "indices"}) {
  %sel = lighthouse.select %sq, %sq {topk = 128} : !s, !s
  %slots = lighthouse.invert %sel : !sel
  %out = lighthouse.scatter %os[inverse %slots] : !rows, !sel
  return %out, %sel : !tokens, !sel
}
// CHECK-LABEL: func.func @backward(
// CHECK-NOT: "slots"
// CHECK: lighthouse.scatter_backward
func.func @backward(%sel: !sel {lighthouse.name = "indices"}, %dout: !tokens {lighthouse.name = "dout"}) -> !rows {
  %dos = lighthouse.scatter_backward %dout[%sel] : !tokens, !sel
  return %dos : !rows
}

// -----

// What backward inverts is no result of forward under that name.
#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
!rows = tensor<1x1x384x16xf32>
!sel = tensor<1x1x384xi32, #pyramid>
!tokens = tensor<1x1x250x16xf32>
// CHECK-LABEL: func.func @forward(
// CHECK-NOT: "slots"
// CHECK: lighthouse.invert
func.func @forward(%sel: !sel, %os: !rows) -> (!tokens {lighthouse.name = "out"}, !sel {lighthouse.name = "chosen"}) {
  %slots = lighthouse.invert %sel : !sel
  %out = lighthouse.scatter %os[inverse %slots] : !rows, !sel
  return %out, %sel : !tokens, !sel
}
// CHECK-LABEL: func.func @backward(
// CHECK-NOT: "slots"
// CHECK-COUNT-3: lighthouse.invert
func.func @backward(%sel: !sel {lighthouse.name = "indices"}, %unnamed: !sel, %sq: tensor<1x1x128xf32, #pyramid>) -> (!sel, !sel, !sel) {
  %0 = lighthouse.invert %sel : !sel
  %1 = lighthouse.invert %unnamed : !sel
  // A selection of its own.
  %own = lighthouse.select %sq, %sq {topk = 128} : tensor<1x1x128xf32, #pyramid>, tensor<1x1x128xf32, #pyramid>
  %2 = lighthouse.invert %own : !sel
  return %0, %1, %2 : !sel, !sel, !sel
}

// -----

// Functions of other names, and one without the other.
#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
!sel = tensor<1x1x384xi32, #pyramid>
// CHECK-LABEL: func.func @there(
// CHECK-NOT: "slots"
func.func @there(%sel: !sel) -> (!sel {lighthouse.name = "indices"}, !sel {lighthouse.name = "inverse"}) {
  %slots = lighthouse.invert %sel : !sel
  return %sel, %slots : !sel, !sel
}
// CHECK-LABEL: func.func @backward(
// CHECK-NOT: "slots"
// CHECK: lighthouse.invert
func.func @backward(%sel: !sel {lighthouse.name = "indices"}) -> !sel {
  %slots = lighthouse.invert %sel : !sel
  return %slots : !sel
}
