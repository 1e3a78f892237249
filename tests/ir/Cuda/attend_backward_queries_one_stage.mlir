// SPDX-License-Identifier: Apache-2.0
// With one stage a run of keys is copied when all are done with the one before.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

!rows = tensor<1x4x1000x64xf16>
!keys = tensor<1x2x1000x64xf16>
!scores = tensor<1x4x1000xf32>
func.func @f(%qs: !rows, %ks: !keys, %vs: !keys, %lse: !scores, %delta: !scores, %dos: !rows) {
  %0 = lighthouse.kernel "queries" reads(%q = %qs, %k = %ks, %v = %vs, %l = %lse, %d = %delta, %g = %dos)
      attributes {schedule = {warps = 4, block_rows = 64, block_columns = 32, stages = 1}} : (!rows, !keys, !keys, !scores, !scores, !rows) -> (tensor<1x4x1000x64xf32>) {
    %dqs = lighthouse.attend_backward_queries %q, %k, %v, %l, %d, %g {scale = 0.25 : f32} : !rows, !keys, !keys, !scores, !scores, !rows
    lighthouse.yield %dqs : tensor<1x4x1000x64xf32>
  }
  return
}

// CHECK: tile.kernel @f_queries(%[[Q:[^:]+]]: !tile.view<1x4x1000x64xf16>, %[[K:[^:]+]]: !tile.view<1x2x1000x64xf16>, %[[V:[^:]+]]: !tile.view<1x2x1000x64xf16>, %[[LSE:[^:]+]]: !tile.view<1x4x1000xf32>,
// CHECK-SAME: %[[DELTA:[^:]+]]: !tile.view<1x4x1000xf32>, %[[DOS:[^:]+]]: !tile.view<1x4x1000x64xf16>, %[[DQS:[^:]+]]: !tile.view<1x4x1000x64xf32>) blocks 64 threads 128
// CHECK-COUNT-2: tile.alloc : <64x64xf16>
// CHECK: %[[NOWK:.+]] = tile.alloc : <32x64xf16>
// CHECK: %[[NOWV:.+]] = tile.alloc : <32x64xf16>
// CHECK-NOT: tile.alloc : <32x64xf16>
// CHECK: tile.copy %[[Q]][{{.+}} limit %{{.+}}, %[[SQ:.+]] :
// CHECK: tile.copy %[[DOS]][{{.+}} limit %{{.+}}, %[[SDO:.+]] :
// CHECK: tile.copy %[[LSE]][{{.+}} limit %{{.+}}, %[[SLSE:.+]] :
// CHECK: tile.copy %[[DELTA]][{{.+}} limit %{{.+}}, %[[SDELTA:.+]] :
// CHECK-NOT: tile.copy
// CHECK: scf.for %{{.+}} iter_args(%[[SUM:.+]] = %{{.+}}) -> (tensor<64x64xf32, #mma>)
// All are done with the run before; this one is waited for.
// CHECK-NEXT: tile.barrier
// CHECK: tile.copy %[[K]][{{.+}} limit %{{.+}}, %[[NOWK]] :
// CHECK-NEXT: tile.copy %[[V]][{{.+}} limit %{{.+}}, %[[NOWV]] :
// CHECK-NEXT: tile.commit
// CHECK-NEXT: tile.wait {pending = 0}
// CHECK-NEXT: tile.barrier
// CHECK-NOT: tile.copy
// S = Q K^T, dP = dO V^T, dQ += dS K.
// CHECK: %[[S:.+]] = tile.dot %[[SQ]], %[[NOWK]], %{{.+}} transposed
// CHECK: tile.read %[[SLSE]]
// CHECK: %[[P:.+]] = math.exp2
// CHECK: %[[SEEN:.+]] = scf.if
// CHECK: tile.keep lower %[[P]], %{{.+}} else 0.000000e+00
// CHECK: %[[DP:.+]] = tile.dot %[[SDO]], %[[NOWV]], %{{.+}} transposed
// CHECK: tile.read %[[SDELTA]]
// CHECK: %[[DS:.+]] = arith.mulf %[[SEEN]], %{{.+}}
// CHECK: %[[ROUNDED:.+]] = arith.truncf %[[DS]]
// CHECK: tile.dot %[[ROUNDED]], %[[NOWK]], %[[SUM]] : tensor<64x32xf16, #mma>
// CHECK: scf.yield
// CHECK: arith.mulf
// CHECK: tile.store %{{.+}}, %[[DQS]][
