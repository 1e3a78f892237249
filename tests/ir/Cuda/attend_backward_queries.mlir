// SPDX-License-Identifier: Apache-2.0
// A block has a run of queries and goes through the keys that they see.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

!rows = tensor<1x4x1000x64xf16>
!keys = tensor<1x2x1000x64xf16>
!scores = tensor<1x4x1000xf32>
func.func @f(%qs: !rows, %ks: !keys, %vs: !keys, %lse: !scores, %delta: !scores, %dos: !rows) {
  %0 = lighthouse.kernel "queries" reads(%q = %qs, %k = %ks, %v = %vs, %l = %lse, %d = %delta, %g = %dos)
      attributes {schedule = {warps = 4, block_rows = 64, block_columns = 32}} : (!rows, !keys, !keys, !scores, !scores, !rows) -> (tensor<1x4x1000x64xf32>) {
    %dqs = lighthouse.attend_backward_queries %q, %k, %v, %l, %d, %g {scale = 0.25 : f32} : !rows, !keys, !keys, !scores, !scores, !rows
    lighthouse.yield %dqs : tensor<1x4x1000x64xf32>
  }
  return
}

// CHECK: tile.kernel @f_queries(%[[Q:[^:]+]]: !tile.view<1x4x1000x64xf16>, %[[K:[^:]+]]: !tile.view<1x2x1000x64xf16>, %[[V:[^:]+]]: !tile.view<1x2x1000x64xf16>, %[[LSE:[^:]+]]: !tile.view<1x4x1000xf32>,
// CHECK-SAME: %[[DELTA:[^:]+]]: !tile.view<1x4x1000xf32>, %[[DOS:[^:]+]]: !tile.view<1x4x1000x64xf16>, %[[DQS:[^:]+]]: !tile.view<1x4x1000x64xf32>) blocks 64 threads 128
// CHECK-DAG: tile.copy %[[Q]][{{.+}} limit %{{.+}}, %[[SQ:.+]] :
// CHECK-DAG: tile.copy %[[DOS]][{{.+}} limit %{{.+}}, %[[SDO:.+]] :
// CHECK-DAG: tile.copy %[[LSE]]
// CHECK-DAG: tile.copy %[[DELTA]]
// CHECK: scf.for {{.+}} -> (tensor<64x64xf32, #mma>)
// CHECK-DAG: tile.copy %[[K]][{{.+}} limit %{{.+}}, %[[SK:.+]] :
// CHECK-DAG: tile.copy %[[V]][{{.+}} limit %{{.+}}, %[[SV:.+]] :
// S = Q K^T, dP = dO V^T, dQ += dS K.
// CHECK: tile.dot %[[SQ]], %[[SK]], %{{.+}} transposed
// CHECK: scf.if
// CHECK: arith.cmpi sle
// CHECK: tile.dot %[[SDO]], %[[SV]], %{{.+}} transposed
// CHECK: tile.dot %{{.+}}, %[[SK]], %{{.+}} : tensor<64x32xf16, #mma>
// CHECK: tile.store %{{.+}}, %[[DQS]][
