// SPDX-License-Identifier: Apache-2.0
// What the one-level patterns leave alone.
// RUN: lighthouse-opt %s -canonicalize | FileCheck %s

// Padded: the padded rows are no tokens.
#padded = #lighthouse.pyramid<seq_len = 100, padded_len = 112, num_levels = 1, pooling_factor = 4>
// CHECK-LABEL: func.func @padded
// CHECK: lighthouse.pool
// CHECK: lighthouse.gather
// CHECK: lighthouse.attend {{.+}} : tensor<1x1x112x16xf32>
// CHECK: lighthouse.scatter
func.func @padded(%q: tensor<1x1x100x16xf32>, %sel: tensor<1x1x112xi32, #padded>) -> tensor<1x1x100x16xf32> {
  %pq, %pk, %pv = lighthouse.pool %q, %q, %q {num_levels = 1, pooling_factor = 4, padded_len = 112} : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>
  %qs, %ks, %vs = lighthouse.gather %pq, %pk, %pv[%sel] : tensor<1x1x112x16xf32, #padded>, tensor<1x1x112x16xf32, #padded>, tensor<1x1x112x16xf32, #padded>, tensor<1x1x112xi32, #padded>
  %os, %lse = lighthouse.attend %qs, %ks, %vs {scale = 0.25 : f32} : tensor<1x1x112x16xf32>, tensor<1x1x112x16xf32>, tensor<1x1x112x16xf32>
  %out = lighthouse.scatter %os[%sel] : tensor<1x1x112x16xf32>, tensor<1x1x112xi32, #padded>
  return %out : tensor<1x1x100x16xf32>
}

// Two levels: a selection says something.
#two = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
// CHECK-LABEL: func.func @two_levels
// CHECK: lighthouse.scatter
func.func @two_levels(%os: tensor<1x1x384x16xf32>, %sel: tensor<1x1x384xi32, #two>) -> tensor<1x1x256x16xf32> {
  %out = lighthouse.scatter %os[%sel] : tensor<1x1x384x16xf32>, tensor<1x1x384xi32, #two>
  return %out : tensor<1x1x256x16xf32>
}

// Rows gathered from elsewhere than the pooled tokens, or in another order than queries, keys, values.
#one = #lighthouse.pyramid<seq_len = 100, padded_len = 100, num_levels = 1, pooling_factor = 4>
// CHECK-LABEL: func.func @swapped
// CHECK: %[[QS:.+]], %[[KS:.+]], %[[VS:.+]] = lighthouse.gather
// CHECK: lighthouse.attend %[[KS]], %[[QS]], %[[VS]]
func.func @swapped(%q: tensor<1x1x100x16xf32>, %sel: tensor<1x1x100xi32, #one>) -> tensor<1x1x100x16xf32> {
  %pq, %pk, %pv = lighthouse.pool %q, %q, %q {num_levels = 1, pooling_factor = 4} : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>
  %qs, %ks, %vs = lighthouse.gather %pq, %pk, %pv[%sel] : tensor<1x1x100x16xf32, #one>, tensor<1x1x100x16xf32, #one>, tensor<1x1x100x16xf32, #one>, tensor<1x1x100xi32, #one>
  %os, %lse = lighthouse.attend %ks, %qs, %vs {scale = 0.25 : f32} : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>
  return %os : tensor<1x1x100x16xf32>
}
