// SPDX-License-Identifier: Apache-2.0
// A position looks one row a level up and sums in float32, level 0 first.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 1000, padded_len = 1024, num_levels = 2, pooling_factor = 4>
func.func @f(%os: tensor<1x2x768x8xf16>, %slots: tensor<1x2x1280xi32, #pyramid>) {
  %0 = lighthouse.kernel "scatter" reads(%a = %os, %b = %slots) : (tensor<1x2x768x8xf16>, tensor<1x2x1280xi32, #pyramid>) -> tensor<1x2x1000x8xf16> {
    %out = lighthouse.scatter %a[inverse %b] : tensor<1x2x768x8xf16>, tensor<1x2x1280xi32, #pyramid>
    lighthouse.yield %out : tensor<1x2x1000x8xf16>
  }
  return
}

// CHECK-LABEL: func.func @f_scatter(
// CHECK-SAME: %[[OS:[^:]+]]: memref<1x2x768x8xf16>, %[[SLOTS:[^:]+]]: memref<1x2x1280xi32>, %[[OUT:[^:]+]]: memref<1x2x1000x8xf16>
// CHECK-SAME: lighthouse.items = 8 : i64
// CHECK: scf.for %[[T:.+]] =
// CHECK: memref.load %[[SLOTS]]
// CHECK: %[[FINE:.+]] = scf.if {{.*}} -> (vector<8xf32>)
// CHECK: vector.load %[[OS]]
// Windows of 4 are heard from their last token on.
// CHECK: %[[C3:.+]] = arith.constant 3 : index
// CHECK: %[[HEARD:.+]] = arith.cmpi ule, %[[C3]], %[[T]]
// CHECK: %[[SUM:.+]] = scf.if %[[HEARD]] -> (vector<8xf32>)
// CHECK: memref.load %[[SLOTS]]
// CHECK: arith.addf %[[FINE]]
// CHECK: %[[ROUNDED:.+]] = arith.truncf %[[SUM]] : vector<8xf32> to vector<8xf16>
// CHECK: vector.store %[[ROUNDED]], %[[OUT]]
