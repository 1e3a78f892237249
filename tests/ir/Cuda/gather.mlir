// SPDX-License-Identifier: Apache-2.0
// A group of lanes copies a row, from the tokens or from the coarse levels; rows between the last token and the padded length are zero. What nobody reads is not gathered.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>

func.func @f(%q: tensor<1x2x250x40xbf16> {lighthouse.strided}, %cq: tensor<1x2x128x40xbf16, #pyramid>, %k: tensor<1x1x250x40xbf16>, %ck: tensor<1x1x128x40xbf16, #pyramid>,
             %sel: tensor<1x2x384xi32, #pyramid>) {
  %0:2 = lighthouse.kernel "gather" reads(%a = %q, %b = %cq, %c = %k, %d = %ck, %i = %sel)
      : (tensor<1x2x250x40xbf16>, tensor<1x2x128x40xbf16, #pyramid>, tensor<1x1x250x40xbf16>, tensor<1x1x128x40xbf16, #pyramid>, tensor<1x2x384xi32, #pyramid>)
      -> (tensor<1x2x384x40xbf16>, tensor<1x2x384x40xbf16>) {
    %pq = lighthouse.stack %a, %b : tensor<1x2x250x40xbf16>, tensor<1x2x128x40xbf16, #pyramid>
    %pk = lighthouse.stack %c, %d : tensor<1x1x250x40xbf16>, tensor<1x1x128x40xbf16, #pyramid>
    %qs, %ks, %vs = lighthouse.gather %pq, %pk, %pk[%i] : tensor<1x2x384x40xbf16, #pyramid>, tensor<1x1x384x40xbf16, #pyramid>,
        tensor<1x1x384x40xbf16, #pyramid>, tensor<1x2x384xi32, #pyramid>
    lighthouse.yield %qs, %ks : tensor<1x2x384x40xbf16>, tensor<1x2x384x40xbf16>
  }
  return
}

// Two rows a group, 64 a block, six blocks a head; eight lanes for 40 columns.
// CHECK: #rows = #tile.rows<threads = 256, lanes = 8, elements = 8>
// CHECK: tile.kernel @f_gather(%[[Q:[^:]+]]: !tile.view<1x2x250x40xbf16, strided>, %[[CQ:[^:]+]]: !tile.view<1x2x128x40xbf16>, %[[K:[^:]+]]: !tile.view<1x1x250x40xbf16>,
// CHECK-SAME: %[[CK:[^:]+]]: !tile.view<1x1x128x40xbf16>, %[[SEL:[^:]+]]: !tile.view<1x2x384xi32>, %[[QS:[^:]+]]: !tile.view<1x2x384x40xbf16>, %[[KS:[^:]+]]: !tile.view<1x2x384x40xbf16>) blocks 12 threads 256 {
// CHECK: %[[ENTRY:.+]] = tile.load %[[SEL]]
// CHECK: tile.load %[[Q]][%{{.+}}, %[[HEAD:.+]], %[[ENTRY]]] mask %[[TOKEN:[^ ]+]]
// CHECK: tile.load %[[CQ]][%{{.+}}, %[[HEAD]], %[[ROW:.+]]] mask %[[COARSE:[^ ]+]]
// CHECK: arith.select
// The key head of two query heads.
// CHECK: tile.load %[[K]][%{{.+}}, %[[KEY_HEAD:.+]], %[[ENTRY]]] mask %[[TOKEN]]
// CHECK: tile.load %[[CK]][%{{.+}}, %[[KEY_HEAD]], %[[ROW]]] mask %[[COARSE]]
// CHECK: tile.store %{{.+}}, %[[QS]][
// CHECK: tile.store %{{.+}}, %[[KS]][
// CHECK-NOT: tile.store
