// SPDX-License-Identifier: Apache-2.0
// Rows are copied as they lie: from the tokens, from the coarse levels, or zeros between the last token and the padded length.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @f(%q: tensor<1x1x250x32xbf16>, %cq: tensor<1x1x128x32xbf16, #pyramid>, %sel: tensor<1x1x384xi32, #pyramid>) {
  %0 = lighthouse.kernel "gather" reads(%a = %q, %b = %cq, %c = %sel)
      : (tensor<1x1x250x32xbf16>, tensor<1x1x128x32xbf16, #pyramid>, tensor<1x1x384xi32, #pyramid>) -> tensor<1x1x384x32xbf16> {
    %pq = lighthouse.stack %a, %b : tensor<1x1x250x32xbf16>, tensor<1x1x128x32xbf16, #pyramid>
    %qs, %ks, %vs = lighthouse.gather %pq, %pq, %pq[%c] : tensor<1x1x384x32xbf16, #pyramid>, tensor<1x1x384x32xbf16, #pyramid>,
        tensor<1x1x384x32xbf16, #pyramid>, tensor<1x1x384xi32, #pyramid>
    lighthouse.yield %qs : tensor<1x1x384x32xbf16>
  }
  return
}

// CHECK-LABEL: func.func @f_gather(
// CHECK-SAME: %[[Q:[^:]+]]: memref<1x1x250x32xbf16>, %[[CQ:[^:]+]]: memref<1x1x128x32xbf16>, %[[SEL:[^:]+]]: memref<1x1x384xi32>,
// CHECK-SAME: %[[QS:[^:]+]]: memref<1x1x384x32xbf16>
// CHECK-SAME: lighthouse.items = 3 : i64
// CHECK: memref.load %[[SEL]]
// CHECK: scf.if
// CHECK: %[[TOKEN:.+]] = vector.load %[[Q]]{{.*}} vector<32xbf16>
// CHECK: vector.store %[[TOKEN]], %[[QS]]
// CHECK: } else {
// CHECK: scf.if
// CHECK-COUNT-2: vector.store {{.*}}, %[[QS]]
// CHECK: } else {
// CHECK: %[[COARSE:.+]] = vector.load %[[CQ]]{{.*}} vector<32xbf16>
// CHECK: vector.store %[[COARSE]], %[[QS]]
