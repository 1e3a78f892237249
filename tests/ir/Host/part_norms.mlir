// SPDX-License-Identifier: Apache-2.0
// The root of the sum of a token's parts.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host | FileCheck %s

func.func @f(%oq: tensor<1x2x3x5000xf32>, %ok: tensor<1x2x3x5000xf32>) {
  %0:2 = lighthouse.kernel "part_norms" reads(%a = %oq, %b = %ok) : (tensor<1x2x3x5000xf32>, tensor<1x2x3x5000xf32>) -> (tensor<1x2x5000xf32>, tensor<1x2x5000xf32>) {
    %tq, %tk = lighthouse.part_norms %a, %b : tensor<1x2x3x5000xf32>
    lighthouse.yield %tq, %tk : tensor<1x2x5000xf32>, tensor<1x2x5000xf32>
  }
  return
}

// CHECK-LABEL: func.func @f_part_norms(
// CHECK-SAME: %[[OQ:[^:]+]]: memref<1x2x3x5000xf32>, %{{[^:]+}}: memref<1x2x3x5000xf32>, %[[TQ:[^:]+]]: memref<1x2x5000xf32>
// Two runs of tokens for each of 2 heads.
// CHECK-SAME: lighthouse.items = 4 : i64
// CHECK: scf.for
// CHECK: %[[FIRST:.+]] = memref.load %[[OQ]]
// CHECK: %[[SECOND:.+]] = memref.load %[[OQ]]
// CHECK: %[[TWO:.+]] = arith.addf %[[FIRST]], %[[SECOND]]
// CHECK: %[[THIRD:.+]] = memref.load %[[OQ]]
// CHECK: %[[THREE:.+]] = arith.addf %[[TWO]], %[[THIRD]]
// CHECK: %[[ROOT:.+]] = math.sqrt %[[THREE]]
// CHECK: memref.store %[[ROOT]], %[[TQ]]
