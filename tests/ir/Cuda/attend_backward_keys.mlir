// SPDX-License-Identifier: Apache-2.0
// A block has a run of keys and goes through the queries that see them, of both heads of its group.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

!rows = tensor<1x4x1000x64xf16>
!keys = tensor<1x2x1000x64xf16>
!scores = tensor<1x4x1000xf32>
func.func @f(%qs: !rows, %ks: !keys, %vs: !keys, %lse: !scores, %delta: !scores, %dos: !rows) {
  %0:2 = lighthouse.kernel "keys" reads(%q = %qs, %k = %ks, %v = %vs, %l = %lse, %d = %delta, %g = %dos)
      attributes {schedule = {warps = 4, block_rows = 64, block_columns = 32}} : (!rows, !keys, !keys, !scores, !scores, !rows) -> (tensor<1x2x1000x64xf32>, tensor<1x2x1000x64xf32>) {
    %dks, %dvs = lighthouse.attend_backward_keys %q, %k, %v, %l, %d, %g {scale = 0.25 : f32} : !rows, !keys, !keys, !scores, !scores, !rows
    lighthouse.yield %dks, %dvs : tensor<1x2x1000x64xf32>, tensor<1x2x1000x64xf32>
  }
  return
}

// CHECK: tile.kernel @f_keys(%[[Q:[^:]+]]: !tile.view<1x4x1000x64xf16>, %[[K:[^:]+]]: !tile.view<1x2x1000x64xf16>, %[[V:[^:]+]]: !tile.view<1x2x1000x64xf16>, %[[LSE:[^:]+]]: !tile.view<1x4x1000xf32>,
// CHECK-SAME: %[[DELTA:[^:]+]]: !tile.view<1x4x1000xf32>, %[[DOS:[^:]+]]: !tile.view<1x4x1000x64xf16>, %[[DKS:[^:]+]]: !tile.view<1x2x1000x64xf32>, %[[DVS:[^:]+]]: !tile.view<1x2x1000x64xf32>) blocks 32 threads 128
// CHECK-DAG: tile.copy %[[K]][{{.+}} limit %{{.+}}, %[[SK:.+]] :
// CHECK-DAG: tile.copy %[[V]][{{.+}} limit %{{.+}}, %[[SV:.+]] :
// The heads of a group one after another.
// CHECK: scf.for {{.+}} -> (tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>)
// CHECK: scf.for {{.+}} -> (tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>)
// CHECK-DAG: tile.copy %[[Q]][{{.+}} limit %{{.+}}, %[[SQ:.+]] :
// CHECK-DAG: tile.copy %[[DOS]][{{.+}} limit %{{.+}}, %[[SDO:.+]] :
// CHECK-DAG: tile.copy %[[LSE]]
// CHECK-DAG: tile.copy %[[DELTA]]
// S^T = K Q^T, dV += P^T dO, dP^T = V dO^T, dK += dS^T Q.
// CHECK: tile.dot %[[SK]], %[[SQ]], %{{.+}} transposed
// CHECK: scf.if
// CHECK: tile.keep upper
// CHECK: tile.dot %{{.+}}, %[[SDO]], %{{.+}} : tensor<64x32xf16, #mma>
// CHECK: tile.dot %[[SV]], %[[SDO]], %{{.+}} transposed
// CHECK: tile.dot %{{.+}}, %[[SQ]], %{{.+}} : tensor<64x32xf16, #mma>
// CHECK: tile.store %{{.+}}, %[[DKS]][
// CHECK: tile.store %{{.+}}, %[[DVS]][
