// SPDX-License-Identifier: Apache-2.0
// A pyramid of one level leaves plain causal attention over q, k and v.
// RUN: lighthouse-opt %s -canonicalize | FileCheck %s --implicit-check-not="lighthouse.{{pool|score|select|gather|scatter}}"

#one = #lighthouse.pyramid<seq_len = 100, padded_len = 100, num_levels = 1, pooling_factor = 4>
// Grouped heads: gather would repeat the keys, attention reads them as they are.
// CHECK-LABEL: func.func @grouped
// CHECK-SAME: %[[Q:[^:]+]]: tensor<1x4x100x16xbf16>, %[[K:[^:]+]]: tensor<1x2x100x16xbf16>, %[[V:[^:]+]]: tensor<1x2x100x16xbf16>
// CHECK-NEXT: %os, %lse = lighthouse.attend %[[Q]], %[[K]], %[[V]] {scale = 2.500000e-01 : f32} : tensor<1x4x100x16xbf16>, tensor<1x2x100x16xbf16>, tensor<1x2x100x16xbf16>
// CHECK-NEXT: return %os, %lse : tensor<1x4x100x16xbf16>, tensor<1x4x100xf32>
func.func @grouped(%q: tensor<1x4x100x16xbf16>, %k: tensor<1x2x100x16xbf16>, %v: tensor<1x2x100x16xbf16>) -> (tensor<1x4x100x16xbf16>, tensor<1x4x100xf32>) {
  %pq, %pk, %pv = lighthouse.pool %q, %k, %v {num_levels = 1, pooling_factor = 4} : tensor<1x4x100x16xbf16>, tensor<1x2x100x16xbf16>, tensor<1x2x100x16xbf16>
  %sq, %sk = lighthouse.score norm %pq, %pk : tensor<1x4x100x16xbf16, #one>, tensor<1x2x100x16xbf16, #one>
  %sel = lighthouse.select %sq, %sk {topk = 128} : tensor<1x4x0xf32, #one>, tensor<1x2x0xf32, #one>
  %qs, %ks, %vs = lighthouse.gather %pq, %pk, %pv[%sel] : tensor<1x4x100x16xbf16, #one>, tensor<1x2x100x16xbf16, #one>, tensor<1x2x100x16xbf16, #one>, tensor<1x4x100xi32, #one>
  %os, %lse = lighthouse.attend %qs, %ks, %vs {scale = 0.25 : f32} : tensor<1x4x100x16xbf16>, tensor<1x4x100x16xbf16>, tensor<1x4x100x16xbf16>
  %out = lighthouse.scatter %os[%sel] : tensor<1x4x100x16xbf16>, tensor<1x4x100xi32, #one>
  return %out, %lse : tensor<1x4x100x16xbf16>, tensor<1x4x100xf32>
}
