// SPDX-License-Identifier: Apache-2.0
// One pass over q pools and scores all levels; k, which nothing scores, is pooled only.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 1000, padded_len = 1024, num_levels = 3, pooling_factor = 2>

func.func @f(%q: tensor<1x2x1000x64xbf16> {lighthouse.strided}, %k: tensor<1x1x1000x64xbf16>, %v: tensor<1x1x1000x64xbf16>) {
  %0:3 = lighthouse.kernel "pool_score" reads(%a = %q, %b = %k, %c = %v)
      : (tensor<1x2x1000x64xbf16>, tensor<1x1x1000x64xbf16>, tensor<1x1x1000x64xbf16>)
      -> (tensor<1x2x768x64xbf16, #pyramid>, tensor<1x1x768x64xbf16, #pyramid>, tensor<1x2x768xf32, #pyramid>) {
    %pq, %pk, %pv = lighthouse.pool %a, %b, %c {num_levels = 3, pooling_factor = 2, padded_len = 1024}
        : tensor<1x2x1000x64xbf16>, tensor<1x1x1000x64xbf16>, tensor<1x1x1000x64xbf16>
    %sq, %sk = lighthouse.score norm %pq, %pk : tensor<1x2x1792x64xbf16, #pyramid>, tensor<1x1x1792x64xbf16, #pyramid>
    %cq = lighthouse.coarse %pq : tensor<1x2x1792x64xbf16, #pyramid>
    %ck = lighthouse.coarse %pk : tensor<1x1x1792x64xbf16, #pyramid>
    lighthouse.yield %cq, %ck, %sq : tensor<1x2x768x64xbf16, #pyramid>, tensor<1x1x768x64xbf16, #pyramid>, tensor<1x2x768xf32, #pyramid>
  }
  return
}

// CHECK: tile.kernel @f_pool_score(%[[Q:[^:]+]]: !tile.view<1x2x1000x64xbf16, strided>, %[[K:[^:]+]]: !tile.view<1x1x1000x64xbf16>, %[[V:[^:]+]]: !tile.view<1x1x1000x64xbf16>,
// CHECK-SAME: %[[CQ:[^:]+]]: !tile.view<1x2x768x64xbf16>, %[[CK:[^:]+]]: !tile.view<1x1x768x64xbf16>, %[[SQ:[^:]+]]: !tile.view<1x2x768xf32>) blocks 48 threads 128 {
// CHECK: scf.if
// A coarsest window a group, in it those of level 1, in them the tokens, both loads before the arithmetic.
// CHECK: scf.for {{.+}} -> (tensor<16x64xf32, #rows>, tensor<16xf64, #a_row>)
// CHECK: scf.for {{.+}} -> (tensor<16x64xf32, #rows>, tensor<16xf64, #a_row>)
// CHECK: tile.load %[[Q]]
// CHECK: tile.load %[[Q]]
// CHECK: tile.reduce add %{{.+}} : tensor<16x64xf64, #rows> to tensor<16xf64, #a_row>
// CHECK: arith.maximumf
// CHECK: scf.yield
// CHECK: tile.store %{{.+}}, %[[CQ]][
// CHECK: math.sqrt %{{.+}} : tensor<16xf64, #a_row>
// CHECK: tile.store %{{.+}}, %[[SQ]][
// CHECK: scf.yield
// CHECK: tile.store %{{.+}}, %[[CQ]][
// CHECK: tile.store %{{.+}}, %[[SQ]][
// CHECK: scf.if
// CHECK-NOT: f64
// CHECK-NOT: %[[V]]
// CHECK: tile.load %[[K]]
// CHECK: tile.store %{{.+}}, %[[CK]][
// CHECK: tile.store %{{.+}}, %[[CK]][
