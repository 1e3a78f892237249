// SPDX-License-Identifier: Apache-2.0
// Both levels from one reading of the scores of the tokens there are.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
func.func @f(%tq: tensor<1x8x250xf32>, %tk: tensor<1x2x250xf32>) {
  %0:2 = lighthouse.kernel "max_pool" reads(%a = %tq, %b = %tk) : (tensor<1x8x250xf32>, tensor<1x2x250xf32>) -> (tensor<1x8x192xf32, #pyramid>, tensor<1x2x192xf32, #pyramid>) {
    %sq, %sk = lighthouse.max_pool %a, %b {pyramid = #pyramid} : tensor<1x8x250xf32>, tensor<1x2x250xf32>
    lighthouse.yield %sq, %sk : tensor<1x8x192xf32, #pyramid>, tensor<1x2x192xf32, #pyramid>
  }
  return
}

// CHECK-LABEL: func.func @f_max_pool(
// CHECK-SAME: %[[TQ:[^:]+]]: memref<1x8x250xf32>, %[[TK:[^:]+]]: memref<1x2x250xf32>, %[[SQ:[^:]+]]: memref<1x8x192xf32>, %[[SK:[^:]+]]: memref<1x2x192xf32>
// CHECK-SAME: lighthouse.items = 10 : i64
// CHECK: scf.if
// CHECK: scf.for {{.*}} -> (f32)
// CHECK: %[[END:.+]] = arith.minui %{{.+}}, %c250
// CHECK: scf.for {{.*}} to %[[END]] step {{.*}} -> (f32)
// CHECK: %[[SCORE:.+]] = memref.load %[[TQ]]
// CHECK: arith.maximumf %{{.+}}, %[[SCORE]]
// CHECK: memref.store %{{.+}}, %[[SQ]]
// CHECK: arith.maximumf
// CHECK: memref.store %{{.+}}, %[[SQ]]
// CHECK: scf.if
// CHECK: memref.load %[[TK]]
// CHECK: memref.store %{{.+}}, %[[SK]]
