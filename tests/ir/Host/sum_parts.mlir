// SPDX-License-Identifier: Apache-2.0
// Parts are summed row by row, the first one first.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host="lanes=8 registers=16" | FileCheck %s

func.func @f(%split: tensor<1x2x3000x8xf32>) {
  %0 = lighthouse.kernel "sum_parts" reads(%a = %split) : (tensor<1x2x3000x8xf32>) -> tensor<1x2x1000x8xf32> {
    %sum = lighthouse.sum_parts %a {parts = 3} : tensor<1x2x3000x8xf32>
    lighthouse.yield %sum : tensor<1x2x1000x8xf32>
  }
  return
}

// CHECK-LABEL: func.func @f_sum_parts(
// CHECK-SAME: %[[SPLIT:[^:]+]]: memref<1x2x3000x8xf32>, %[[SUM:[^:]+]]: memref<1x2x1000x8xf32>
// 11 blocks of 96 rows for each of 2 heads.
// CHECK-SAME: lighthouse.items = 22 : i64
// CHECK: scf.for %[[ROW:.+]] =
// CHECK: %[[FIRST:.+]] = vector.load %[[SPLIT]][%{{.+}}, %{{.+}}, %[[ROW]],
// Causality leaves the rows before a part's first key at zero; they were never written.
// CHECK: %[[BEGIN:.+]] = arith.constant 96 : index
// CHECK: %[[THERE:.+]] = arith.cmpi ule, %[[BEGIN]], %[[ROW]]
// CHECK: %[[TWO:.+]] = scf.if %[[THERE]] -> (vector<8xf32>)
// CHECK: %[[SECOND:.+]] = vector.load %[[SPLIT]]
// CHECK: arith.addf %[[FIRST]], %[[SECOND]]
// CHECK: arith.constant 384 : index
// CHECK: %[[THREE:.+]] = scf.if
// CHECK: %[[THIRD:.+]] = vector.load %[[SPLIT]]
// CHECK: arith.addf %[[TWO]], %[[THIRD]]
// CHECK: vector.store %[[THREE]], %[[SUM]]
