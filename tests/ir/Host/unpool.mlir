// SPDX-License-Identifier: Apache-2.0
// A window of level 1 looks the coarse levels up once for all its tokens; dk and dv sum over the query heads of a group.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 1000, padded_len = 1024, num_levels = 2, pooling_factor = 4>
func.func @f(%dqs: tensor<1x2x768x8xf32>, %dks: tensor<1x2x768x8xf32>, %dvs: tensor<1x2x768x8xf32>, %slots: tensor<1x2x1280xi32, #pyramid>) {
  %0:3 = lighthouse.kernel "unpool" reads(%a = %dqs, %b = %dks, %c = %dvs, %i = %slots)
      : (tensor<1x2x768x8xf32>, tensor<1x2x768x8xf32>, tensor<1x2x768x8xf32>, tensor<1x2x1280xi32, #pyramid>)
      -> (tensor<1x2x1000x8xbf16>, tensor<1x1x1000x8xbf16>, tensor<1x1x1000x8xbf16>) {
    %dpq, %dpk, %dpv = lighthouse.gather_backward %a, %b, %c[inverse %i] {num_kv_heads = 1} : tensor<1x2x768x8xf32>, tensor<1x2x1280xi32, #pyramid>
    %dq, %dk, %dv = lighthouse.pool_backward %dpq, %dpk, %dpv {element_type = bf16}
        : tensor<1x2x1280x8xf32, #pyramid>, tensor<1x1x1280x8xf32, #pyramid>, tensor<1x1x1280x8xf32, #pyramid>
    lighthouse.yield %dq, %dk, %dv : tensor<1x2x1000x8xbf16>, tensor<1x1x1000x8xbf16>, tensor<1x1x1000x8xbf16>
  }
  return
}

// CHECK-LABEL: func.func @f_unpool(
// CHECK-SAME: %[[DQS:[^:]+]]: memref<1x2x768x8xf32>, %[[DKS:[^:]+]]: memref<1x2x768x8xf32>, %{{[^:]+}}: memref<1x2x768x8xf32>,
// CHECK-SAME: %[[SLOTS:[^:]+]]: memref<1x2x1280xi32>, %[[DQ:[^:]+]]: memref<1x2x1000x8xbf16>, %[[DK:[^:]+]]: memref<1x1x1000x8xbf16>
// CHECK-SAME: lighthouse.items = 16 : i64
// CHECK: scf.if
// CHECK: memref.load %[[SLOTS]]
// CHECK: %[[COARSE:.+]] = scf.if {{.*}} -> (vector<8xf32>)
// CHECK: vector.load %[[DQS]]
// CHECK: arith.constant 2.500000e-01 : f32
// CHECK: scf.for
// CHECK: %[[SUM:.+]] = scf.if {{.*}} -> (vector<8xf32>)
// CHECK: arith.addf %[[COARSE]]
// CHECK: arith.truncf %[[SUM]] : vector<8xf32> to vector<8xbf16>
// CHECK: vector.store {{.*}}, %[[DQ]]
// CHECK: } else {
// The two query heads of a key head.
// CHECK: scf.for {{.*}} -> (vector<8xf32>)
// CHECK: vector.load %[[DKS]]
// CHECK: vector.store {{.*}}, %[[DK]]
