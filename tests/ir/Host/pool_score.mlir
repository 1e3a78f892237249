// SPDX-License-Identifier: Apache-2.0
// One pass over q pools and scores all levels; k, which nothing scores, is pooled only.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 1000, padded_len = 1024, num_levels = 3, pooling_factor = 2>
func.func @f(%q: tensor<1x2x1000x8xbf16> {lighthouse.strided}, %k: tensor<1x1x1000x8xbf16>, %v: tensor<1x1x1000x8xbf16>) {
  %0:3 = lighthouse.kernel "pool_score" reads(%a = %q, %b = %k, %c = %v)
      : (tensor<1x2x1000x8xbf16>, tensor<1x1x1000x8xbf16>, tensor<1x1x1000x8xbf16>)
      -> (tensor<1x2x768x8xbf16, #pyramid>, tensor<1x1x768x8xbf16, #pyramid>, tensor<1x2x768xf32, #pyramid>) {
    %pq, %pk, %pv = lighthouse.pool %a, %b, %c {num_levels = 3, pooling_factor = 2, padded_len = 1024}
        : tensor<1x2x1000x8xbf16>, tensor<1x1x1000x8xbf16>, tensor<1x1x1000x8xbf16>
    %sq, %sk = lighthouse.score norm %pq, %pk : tensor<1x2x1792x8xbf16, #pyramid>, tensor<1x1x1792x8xbf16, #pyramid>
    %cq = lighthouse.coarse %pq : tensor<1x2x1792x8xbf16, #pyramid>
    %ck = lighthouse.coarse %pk : tensor<1x1x1792x8xbf16, #pyramid>
    lighthouse.yield %cq, %ck, %sq : tensor<1x2x768x8xbf16, #pyramid>, tensor<1x1x768x8xbf16, #pyramid>, tensor<1x2x768xf32, #pyramid>
  }
  return
}

// A head of q, k or v is one segment of 1024 tokens. Nobody reads the coarse rows of v.
// CHECK-LABEL: func.func @f_pool_score(
// CHECK-SAME: %[[Q:[^:]+]]: memref<1x2x1000x8xbf16, strided<[?, ?, ?, 1]>>, %[[K:[^:]+]]: memref<1x1x1000x8xbf16>,
// CHECK-SAME: memref<1x2x768x8xbf16>, %{{[^:]+}}: memref<1x1x768x8xbf16>, %[[SQ:[^:]+]]: memref<1x2x768xf32>
// CHECK-SAME: lighthouse.items = 3 : i64
// CHECK: scf.if
// Level 1 of a window of level 2, and the tokens up to the last.
// CHECK-COUNT-2: scf.for {{.*}} -> (vector<8xf32>, f64)
// CHECK: vector.load %[[Q]]
// CHECK: vector.reduction <add>, {{.*}} : vector<8xf64> into f64
// CHECK: arith.maximumf {{.*}} : f64
// CHECK-COUNT-2: math.sqrt {{.*}} : f64
// CHECK: memref.store {{.*}}, %[[SQ]]
// CHECK: } else {
// CHECK-NOT: f64
// CHECK: vector.load %[[K]]
// CHECK-NOT: f64
// CHECK: return
