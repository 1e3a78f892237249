// SPDX-License-Identifier: Apache-2.0
// What the adjoints use is saved: further results of @forward, named by the op that makes them. The selection is a result already.
// RUN: lighthouse-opt %s -lighthouse-differentiate | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
!q = tensor<1x4x250x16xbf16>
!k = tensor<1x2x250x16xbf16>
!pq = tensor<1x4x384x16xbf16, #pyramid>
!pk = tensor<1x2x384x16xbf16, #pyramid>
!rows = tensor<1x4x384x16xbf16>
!sel = tensor<1x4x384xi32, #pyramid>
func.func @forward(%q: !q {lighthouse.name = "q", lighthouse.strided}, %k: !k {lighthouse.name = "k", lighthouse.strided}, %v: !k {lighthouse.name = "v"})
    -> (!q {lighthouse.name = "out", lighthouse.strided, lighthouse.differentiable}, !sel {lighthouse.name = "indices"}) {
  %pq, %pk, %pv = lighthouse.pool %q, %k, %v {num_levels = 2, pooling_factor = 2, padded_len = 256} : !q, !k, !k
  %sq, %sk = lighthouse.score norm %pq, %pk : !pq, !pk
  %sel = lighthouse.select %sq, %sk {topk = 128} : tensor<1x4x128xf32, #pyramid>, tensor<1x2x128xf32, #pyramid>
  %qs, %ks, %vs = lighthouse.gather %pq, %pk, %pv[%sel] : !pq, !pk, !pk, !sel
  %os, %lse = lighthouse.attend %qs, %ks, %vs {scale = 0.25 : f32} : !rows, !rows, !rows
  %out = lighthouse.scatter %os[%sel] : !rows, !sel
  return %out, %sel : !q, !sel
}

// CHECK-LABEL: func.func @forward(
// CHECK-SAME: tensor<1x4x384xi32, #pyramid> {lighthouse.name = "indices"},
// CHECK-SAME: tensor<1x4x384x16xbf16> {lighthouse.name = "qs"}, tensor<1x4x384x16xbf16> {lighthouse.name = "ks"}, tensor<1x4x384x16xbf16> {lighthouse.name = "vs"},
// CHECK-SAME: tensor<1x4x384x16xbf16> {lighthouse.name = "os"}, tensor<1x4x384xf32> {lighthouse.name = "lse"}) {
// CHECK: return %out, %indices, %qs, %ks, %vs, %os, %lse

// A gradient has the name of its value with a d before it; strides of dq, dk are the caller's as those of q, k are; those of dv aren't.
// CHECK-LABEL: func.func @backward(
// CHECK-SAME: %[[DOUT:[^:]+]]: tensor<1x4x250x16xbf16> {lighthouse.name = "dout", lighthouse.strided},
// CHECK-SAME: %[[SEL:[^:]+]]: tensor<1x4x384xi32, #pyramid> {lighthouse.name = "indices"},
// CHECK-SAME: %[[QS:[^:]+]]: tensor<1x4x384x16xbf16> {lighthouse.name = "qs"}, %[[KS:[^:]+]]: {{[^%]*}}"ks"}, %[[VS:[^:]+]]: {{[^%]*}}"vs"},
// CHECK-SAME: %[[OS:[^:]+]]: {{[^%]*}}"os"}, %[[LSE:[^:]+]]: tensor<1x4x384xf32> {lighthouse.name = "lse"})
// CHECK-SAME: -> (tensor<1x4x250x16xbf16> {lighthouse.name = "dq", lighthouse.strided}, tensor<1x2x250x16xbf16> {lighthouse.name = "dk", lighthouse.strided},
// CHECK-SAME: tensor<1x2x250x16xbf16> {lighthouse.name = "dv"}) {
// CHECK-NEXT: %dos = lighthouse.scatter_backward %[[DOUT]][%[[SEL]]]
// CHECK-NEXT: %dqs, %dks, %dvs = lighthouse.attend_backward %[[QS]], %[[KS]], %[[VS]], %[[OS]], %[[LSE]], %dos {scale = 2.500000e-01 : f32}
// CHECK-NEXT: %dpq, %dpk, %dpv = lighthouse.gather_backward %dqs, %dks, %dvs[%[[SEL]]] {num_kv_heads = 2 : i64}
// CHECK-NEXT: %dq, %dk, %dv = lighthouse.pool_backward %dpq, %dpk, %dpv {element_type = bf16}
// CHECK-NEXT: return %dq, %dk, %dv
