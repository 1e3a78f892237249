// SPDX-License-Identifier: Apache-2.0
// Scores of a function: each op once for every vector of a row; the query's score reads its key head, which two share.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 1000, padded_len = 1024, num_levels = 3, pooling_factor = 2>
func.func @f(%q: tensor<1x4x1000x24xbf16> {lighthouse.strided}, %k: tensor<1x2x1000x24xbf16>, %v: tensor<1x2x1000x24xbf16>) {
  %0:3 = lighthouse.kernel "pool_score" reads(%a = %q, %b = %k, %c = %v)
      : (tensor<1x4x1000x24xbf16>, tensor<1x2x1000x24xbf16>, tensor<1x2x1000x24xbf16>)
      -> (tensor<1x4x768x24xbf16, #pyramid>, tensor<1x4x768xf32, #pyramid>, tensor<1x2x768xf32, #pyramid>) {
    %pq, %pk, %pv = lighthouse.pool %a, %b, %c {num_levels = 3, pooling_factor = 2, padded_len = 1024}
        : tensor<1x4x1000x24xbf16>, tensor<1x2x1000x24xbf16>, tensor<1x2x1000x24xbf16>
    %sq, %sk = lighthouse.score_by %pq, %pk : tensor<1x4x1792x24xbf16, #pyramid>, tensor<1x2x1792x24xbf16, #pyramid> {
    ^bb0(%x: vector<24xf32>, %y: vector<24xf32>):
      %products = arith.mulf %x, %y : vector<24xf32>
      %wide = arith.extf %products : vector<24xf32> to vector<24xf64>
      %sum = vector.reduction <add>, %wide : vector<24xf64> into f64
      %s = arith.truncf %sum : f64 to f32
      %least = vector.reduction <minimumf>, %y : vector<24xf32> into f32
      %row = vector.broadcast %least : f32 to vector<24xf32>
      %above = arith.subf %y, %row : vector<24xf32>
      %t = vector.reduction <maximumf>, %above : vector<24xf32> into f32
      lighthouse.scores %s, %t
    }
    %cq = lighthouse.coarse %pq : tensor<1x4x1792x24xbf16, #pyramid>
    lighthouse.yield %cq, %sq, %sk : tensor<1x4x768x24xbf16, #pyramid>, tensor<1x4x768xf32, #pyramid>, tensor<1x2x768xf32, #pyramid>
  }
  return
}

// CHECK-LABEL: func.func @f_pool_score(
// CHECK-SAME: %[[Q:[^:]+]]: memref<1x4x1000x24xbf16, strided<[?, ?, ?, 1]>>, %[[K:[^:]+]]: memref<1x2x1000x24xbf16>,
// CHECK: scf.if
// Before a real token the largest score is -infinity.
// CHECK: arith.constant 0xFF800000 : f32
// CHECK-COUNT-2: scf.for {{.*}} -> (vector<16xf32>, vector<8xf32>, f32)
// CHECK: vector.load %[[Q]]
// CHECK: vector.load %[[K]]
// CHECK: arith.mulf {{.*}} : vector<16xf32>
// CHECK: arith.mulf {{.*}} : vector<8xf32>
// CHECK: vector.reduction <add>, {{.*}} : vector<16xf64> into f64
// CHECK: vector.reduction <add>, {{.*}} : vector<8xf64> into f64
// CHECK: arith.truncf {{.*}} : f64 to f32
// CHECK: arith.maximumf {{.*}} : f32
// A window beyond the last token has the score 0.
// CHECK: arith.select {{.*}} : f32
// CHECK: memref.store
// CHECK: } else {
// CHECK-NOT: %[[Q]]
// CHECK: vector.load %[[K]]
// CHECK: vector.reduction <minimumf>
// CHECK: vector.broadcast
// CHECK: vector.reduction <maximumf>
// CHECK-NOT: %[[Q]]
// CHECK: return
