// SPDX-License-Identifier: Apache-2.0
// A block has a run of keys and goes through the queries that see them, of both heads of its group: while it works on one run the next is copied.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

!rows = tensor<1x4x1000x64xf16>
!keys = tensor<1x2x1000x64xf16>
!scores = tensor<1x4x1000xf32>
func.func @f(%qs: !rows, %ks: !keys, %vs: !keys, %lse: !scores, %delta: !scores, %dos: !rows) {
  %0:2 = lighthouse.kernel "keys" reads(%q = %qs, %k = %ks, %v = %vs, %l = %lse, %d = %delta, %g = %dos)
      attributes {schedule = {warps = 4, block_rows = 64, block_columns = 32, stages = 2}} : (!rows, !keys, !keys, !scores, !scores, !rows) -> (tensor<1x2x1000x64xf32>, tensor<1x2x1000x64xf32>) {
    %dks, %dvs = lighthouse.attend_backward_keys %q, %k, %v, %l, %d, %g {scale = 0.25 : f32} : !rows, !keys, !keys, !scores, !scores, !rows
    lighthouse.yield %dks, %dvs : tensor<1x2x1000x64xf32>, tensor<1x2x1000x64xf32>
  }
  return
}

// CHECK: tile.kernel @f_keys(%[[Q:[^:]+]]: !tile.view<1x4x1000x64xf16>, %[[K:[^:]+]]: !tile.view<1x2x1000x64xf16>, %[[V:[^:]+]]: !tile.view<1x2x1000x64xf16>, %[[LSE:[^:]+]]: !tile.view<1x4x1000xf32>,
// CHECK-SAME: %[[DELTA:[^:]+]]: !tile.view<1x4x1000xf32>, %[[DOS:[^:]+]]: !tile.view<1x4x1000x64xf16>, %[[DKS:[^:]+]]: !tile.view<1x2x1000x64xf32>, %[[DVS:[^:]+]]: !tile.view<1x2x1000x64xf32>) blocks 32 threads 128
// CHECK: %[[SK:.+]] = tile.alloc : <64x64xf16>
// CHECK-NEXT: %[[SV:.+]] = tile.alloc : <64x64xf16>
// CHECK-NEXT: %[[Q0:.+]] = tile.alloc : <32x64xf16>
// CHECK-NEXT: %[[DO0:.+]] = tile.alloc : <32x64xf16>
// CHECK-NEXT: %[[LSE0:.+]] = tile.alloc : <32xf32>
// CHECK-NEXT: %[[DELTA0:.+]] = tile.alloc : <32xf32>
// CHECK-NEXT: %[[Q1:.+]] = tile.alloc : <32x64xf16>
// CHECK-NEXT: %[[DO1:.+]] = tile.alloc : <32x64xf16>
// CHECK-NEXT: %[[LSE1:.+]] = tile.alloc : <32xf32>
// CHECK-NEXT: %[[DELTA1:.+]] = tile.alloc : <32xf32>
// CHECK: tile.copy %[[K]][{{.+}} limit %{{.+}}, %[[SK]] :
// CHECK: tile.copy %[[V]][{{.+}} limit %{{.+}}, %[[SV]] :
// The heads of a group one after another.
// CHECK: scf.for {{.+}} -> (tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>)
// All are done with the head before.
// CHECK: tile.barrier
// CHECK: %[[FIRSTQ:.+]] = tile.choose %[[Q0]], %[[Q1]] by %{{.+}}
// CHECK: %[[FIRSTDO:.+]] = tile.choose %[[DO0]], %[[DO1]] by %{{.+}}
// CHECK: %[[FIRSTLSE:.+]] = tile.choose %[[LSE0]], %[[LSE1]] by %{{.+}}
// CHECK: %[[FIRSTDELTA:.+]] = tile.choose %[[DELTA0]], %[[DELTA1]] by %{{.+}}
// CHECK: tile.copy %[[Q]][{{.+}} limit %{{.+}}, %[[FIRSTQ]] :
// CHECK: tile.copy %[[DOS]][{{.+}} limit %{{.+}}, %[[FIRSTDO]] :
// CHECK: tile.copy %[[LSE]][{{.+}} limit %{{.+}}, %[[FIRSTLSE]] :
// CHECK: tile.copy %[[DELTA]][{{.+}} limit %{{.+}}, %[[FIRSTDELTA]] :
// CHECK-NEXT: tile.commit
// CHECK: scf.for %[[STEP:.+]] = {{.+}} iter_args(%[[SUMK:.+]] = %{{.+}}, %[[SUMV:.+]] = %{{.+}}) -> (tensor<64x64xf32, #mma>, tensor<64x64xf32, #mma>)
// CHECK-NEXT: tile.wait {pending = 0}
// CHECK-NEXT: tile.barrier
// CHECK: %[[NEXT:.+]] = arith.addi %[[STEP]], %{{.+}}
// CHECK: scf.if
// CHECK: %[[NEXTQ:.+]] = tile.choose %[[Q0]], %[[Q1]] by %[[NEXT]]
// CHECK: %[[NEXTDO:.+]] = tile.choose %[[DO0]], %[[DO1]] by %[[NEXT]]
// CHECK: %[[NEXTLSE:.+]] = tile.choose %[[LSE0]], %[[LSE1]] by %[[NEXT]]
// CHECK: %[[NEXTDELTA:.+]] = tile.choose %[[DELTA0]], %[[DELTA1]] by %[[NEXT]]
// CHECK: tile.copy %[[Q]][{{.+}} limit %{{.+}}, %[[NEXTQ]] :
// CHECK: tile.copy %[[DOS]][{{.+}} limit %{{.+}}, %[[NEXTDO]] :
// CHECK: tile.copy %[[LSE]][{{.+}} limit %{{.+}}, %[[NEXTLSE]] :
// CHECK: tile.copy %[[DELTA]][{{.+}} limit %{{.+}}, %[[NEXTDELTA]] :
// CHECK: tile.commit
// CHECK-NEXT: %[[NOWQ:.+]] = tile.choose %[[Q0]], %[[Q1]] by %[[STEP]]
// CHECK-NEXT: %[[NOWDO:.+]] = tile.choose %[[DO0]], %[[DO1]] by %[[STEP]]
// CHECK-NEXT: %[[NOWLSE:.+]] = tile.choose %[[LSE0]], %[[LSE1]] by %[[STEP]]
// CHECK-NEXT: %[[NOWDELTA:.+]] = tile.choose %[[DELTA0]], %[[DELTA1]] by %[[STEP]]
// S^T = K Q^T, dV += P^T dO, dP^T = V dO^T, dK += dS^T Q.
// CHECK: tile.dot %[[SK]], %[[NOWQ]], %{{.+}} transposed
// CHECK: tile.read %[[NOWLSE]]
// CHECK: %[[P:.+]] = math.exp2
// CHECK: %[[SEEN:.+]] = scf.if
// CHECK: tile.keep upper %[[P]], %{{.+}} else 0.000000e+00
// CHECK: %[[ROUNDED:.+]] = arith.truncf %[[SEEN]]
// CHECK: tile.dot %[[ROUNDED]], %[[NOWDO]], %[[SUMV]] : tensor<64x32xf16, #mma>
// CHECK: tile.dot %[[SV]], %[[NOWDO]], %{{.+}} transposed
// CHECK: tile.read %[[NOWDELTA]]
// CHECK: %[[DS:.+]] = arith.mulf %[[SEEN]], %{{.+}}
// CHECK: %[[ROUNDED:.+]] = arith.truncf %[[DS]]
// CHECK: tile.dot %[[ROUNDED]], %[[NOWQ]], %[[SUMK]] : tensor<64x32xf16, #mma>
// CHECK: tile.store %{{.+}}, %[[DKS]][
// CHECK: tile.store %{{.+}}, %[[DVS]][
