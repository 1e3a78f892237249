// SPDX-License-Identifier: Apache-2.0
// Scores of a function: a vector is a tile of rows, a number one value a row. Columns beyond the head size don't count.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 1000, padded_len = 1024, num_levels = 3, pooling_factor = 2>
func.func @f(%q: tensor<1x4x1000x40xbf16> {lighthouse.strided}, %k: tensor<1x2x1000x40xbf16>, %v: tensor<1x2x1000x40xbf16>) {
  %0:3 = lighthouse.kernel "pool_score" reads(%a = %q, %b = %k, %c = %v)
      : (tensor<1x4x1000x40xbf16>, tensor<1x2x1000x40xbf16>, tensor<1x2x1000x40xbf16>)
      -> (tensor<1x4x768x40xbf16, #pyramid>, tensor<1x4x768xf32, #pyramid>, tensor<1x2x768xf32, #pyramid>) {
    %pq, %pk, %pv = lighthouse.pool %a, %b, %c {num_levels = 3, pooling_factor = 2, padded_len = 1024}
        : tensor<1x4x1000x40xbf16>, tensor<1x2x1000x40xbf16>, tensor<1x2x1000x40xbf16>
    %sq, %sk = lighthouse.score_by %pq, %pk : tensor<1x4x1792x40xbf16, #pyramid>, tensor<1x2x1792x40xbf16, #pyramid> {
    ^bb0(%x: vector<40xf32>, %y: vector<40xf32>):
      %products = arith.mulf %x, %y : vector<40xf32>
      %wide = arith.extf %products : vector<40xf32> to vector<40xf64>
      %sum = vector.reduction <add>, %wide : vector<40xf64> into f64
      %s = arith.truncf %sum : f64 to f32
      %least = vector.reduction <minimumf>, %y : vector<40xf32> into f32
      %row = vector.broadcast %least : f32 to vector<40xf32>
      %above = arith.subf %y, %row : vector<40xf32>
      %t = vector.reduction <maximumf>, %above : vector<40xf32> into f32
      lighthouse.scores %s, %t
    }
    %cq = lighthouse.coarse %pq : tensor<1x4x1792x40xbf16, #pyramid>
    lighthouse.yield %cq, %sq, %sk : tensor<1x4x768x40xbf16, #pyramid>, tensor<1x4x768xf32, #pyramid>, tensor<1x2x768xf32, #pyramid>
  }
  return
}

// CHECK: tile.kernel @f_pool_score(%[[Q:[^:]+]]: !tile.view<1x4x1000x40xbf16, strided>, %[[K:[^:]+]]: !tile.view<1x2x1000x40xbf16>,
// CHECK: scf.if
// CHECK: scf.for {{.+}} -> (tensor<16x64xf32, #rows>, tensor<16xf32, #a_row>)
// CHECK: scf.for {{.+}} -> (tensor<16x64xf32, #rows>, tensor<16xf32, #a_row>)
// CHECK: tile.load %[[Q]]
// CHECK: tile.load %[[K]]
// CHECK: arith.mulf %{{.+}}, %{{.+}} : tensor<16x64xf32, #rows>
// CHECK: arith.extf
// CHECK: arith.select %{{.+}} : tensor<16x64xi1, #rows>, tensor<16x64xf64, #rows>
// CHECK: tile.reduce add %{{.+}} : tensor<16x64xf64, #rows> to tensor<16xf64, #a_row>
// Only a real token's score counts.
// CHECK: arith.select %{{.+}} : tensor<16xi1, #a_row>, tensor<16xf32, #a_row>
// CHECK: arith.maximumf
// A window beyond the last token has the score 0.
// CHECK: arith.select %{{.+}} : tensor<16xi1, #a_row>, tensor<16xf32, #a_row>
// CHECK: tile.store
// CHECK: scf.if
// CHECK-NOT: tile.load %[[Q]]
// CHECK: tile.load %[[K]]
// CHECK: tile.reduce minimum %{{.+}} : tensor<16x64xf32, #rows> to tensor<16xf32, #a_row>
// CHECK: tile.expand
// CHECK: tile.reduce maximum %{{.+}} : tensor<16x64xf32, #rows> to tensor<16xf32, #a_row>
// CHECK-NOT: tile.load %[[Q]]
