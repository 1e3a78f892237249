// SPDX-License-Identifier: Apache-2.0
// Canonicalization comes first: a pyramid of one level needs no adjoints of its own.
// RUN: lighthouse-opt %s -lighthouse-stages | FileCheck %s --implicit-check-not="lighthouse.{{pool|score|select|gather|scatter}}"

#one = #lighthouse.pyramid<seq_len = 100, padded_len = 100, num_levels = 1, pooling_factor = 4>
!q = tensor<1x1x100x16xf32>
!p = tensor<1x1x100x16xf32, #one>
!sel = tensor<1x1x100xi32, #one>
// CHECK-LABEL: func.func @forward(
// CHECK-NEXT: lighthouse.attend %
// CHECK-NEXT: return %os, %lse
// CHECK-LABEL: func.func @backward(
// CHECK-NEXT: lighthouse.attend_backward
// CHECK-NEXT: return %dqs, %dks, %dvs
func.func @forward(%q: !q {lighthouse.name = "q"}, %k: !q {lighthouse.name = "k"}, %v: !q {lighthouse.name = "v"})
    -> (!q {lighthouse.name = "out", lighthouse.differentiable}) {
  %pq, %pk, %pv = lighthouse.pool %q, %k, %v {num_levels = 1, pooling_factor = 4} : !q, !q, !q
  %sq, %sk = lighthouse.score norm %pq, %pk : !p, !p
  %sel = lighthouse.select %sq, %sk {topk = 128} : tensor<1x1x0xf32, #one>, tensor<1x1x0xf32, #one>
  %qs, %ks, %vs = lighthouse.gather %pq, %pk, %pv[%sel] : !p, !p, !p, !sel
  %os, %lse = lighthouse.attend %qs, %ks, %vs {scale = 0.25 : f32} : !q, !q, !q
  %out = lighthouse.scatter %os[%sel] : !q, !sel
  return %out : !q
}
