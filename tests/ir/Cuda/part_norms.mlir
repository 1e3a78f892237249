// SPDX-License-Identifier: Apache-2.0
// A token a thread; the root of the sum of its parts.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile | FileCheck %s

func.func @f(%oq: tensor<1x2x2x1000xf32>, %ok: tensor<1x2x2x1000xf32>) {
  %0:2 = lighthouse.kernel "part_norms" reads(%a = %oq, %b = %ok) : (tensor<1x2x2x1000xf32>, tensor<1x2x2x1000xf32>) -> (tensor<1x2x1000xf32>, tensor<1x2x1000xf32>) {
    %tq, %tk = lighthouse.part_norms %a, %b : tensor<1x2x2x1000xf32>
    lighthouse.yield %tq, %tk : tensor<1x2x1000xf32>, tensor<1x2x1000xf32>
  }
  return
}

// CHECK-LABEL: tile.kernel @f_part_norms(
// CHECK-SAME: %[[OQ:[^:]+]]: !tile.view<1x2x2x1000xf32>, %[[OK:[^:]+]]: !tile.view<1x2x2x1000xf32>, %[[TQ:[^:]+]]: !tile.view<1x2x1000xf32>, %[[TK:[^:]+]]: !tile.view<1x2x1000xf32>) blocks 8 threads 256
// CHECK: %[[ONE:.+]] = tile.load %[[OQ]]
// CHECK: %[[TWO:.+]] = tile.load %[[OQ]]
// CHECK: %[[SUM:.+]] = arith.addf %[[ONE]], %[[TWO]]
// CHECK: %[[ROOT:.+]] = math.sqrt %[[SUM]]
// CHECK: tile.store %[[ROOT]], %[[TQ]]
// CHECK: tile.load %[[OK]]
// CHECK: tile.store %{{.+}}, %[[TK]]
