// SPDX-License-Identifier: Apache-2.0
// A row sums the gradients of the positions that hear its entry: from the window's last token on, as many as it has tokens, below seq_len.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 1000, padded_len = 1024, num_levels = 2, pooling_factor = 4>
func.func @f(%dout: tensor<1x2x1000x8xf16>, %sel: tensor<1x2x768xi32, #pyramid>) {
  %0 = lighthouse.kernel "scatter_backward" reads(%a = %dout, %b = %sel)
      : (tensor<1x2x1000x8xf16>, tensor<1x2x768xi32, #pyramid>) -> tensor<1x2x768x8xf16> {
    %dos = lighthouse.scatter_backward %a[%b] : tensor<1x2x1000x8xf16>, tensor<1x2x768xi32, #pyramid>
    lighthouse.yield %dos : tensor<1x2x768x8xf16>
  }
  return
}

// CHECK-LABEL: func.func @f_scatter_backward(
// CHECK-SAME: %[[DOUT:[^:]+]]: memref<1x2x1000x8xf16>, %[[SEL:[^:]+]]: memref<1x2x768xi32>, %[[DOS:[^:]+]]: memref<1x2x768x8xf16>
// CHECK-SAME: lighthouse.items = 12 : i64
// CHECK: memref.load %[[SEL]]
// Level 1 begins at entry 1024.
// CHECK: %[[BEGIN:.+]] = arith.constant 1024 : index
// CHECK: arith.cmpi ule, %[[BEGIN]]
// CHECK: %[[LEN:.+]] = arith.constant 1000 : index
// CHECK: %[[END:.+]] = arith.minui {{.*}}, %[[LEN]]
// CHECK: %[[SUM:.+]] = scf.for {{.*}} to %[[END]] {{.*}} -> (vector<8xf32>)
// CHECK: vector.load %[[DOUT]]
// CHECK: %[[ROUNDED:.+]] = arith.truncf %[[SUM]]
// CHECK: vector.store %[[ROUNDED]], %[[DOS]]
