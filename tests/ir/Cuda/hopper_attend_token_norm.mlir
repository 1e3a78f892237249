// SPDX-License-Identifier: Apache-2.0
// Norms of attention's rows from its sums in float32, which do not leave the kernel. Four keys share a query's head and a value's.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile="arch=sm_90a" -cse | FileCheck %s

func.func @f(%k: tensor<8x1x63x64xbf16>, %q: tensor<8x4x63x64xbf16>, %v: tensor<8x1x63x64xbf16>) {
  %0 = lighthouse.kernel "attend_token_norm" reads(%a = %k, %b = %q, %c = %v) : (tensor<8x1x63x64xbf16>, tensor<8x4x63x64xbf16>, tensor<8x1x63x64xbf16>) -> tensor<2x4x250xf32> {
    %os, %lse = lighthouse.attend %a, %b, %c {scale = 0.25 : f32} : tensor<8x1x63x64xbf16>, tensor<8x4x63x64xbf16>, tensor<8x1x63x64xbf16>
    %norms = lighthouse.token_norm %os {dilation = 4, seq_len = 250} : tensor<8x4x63x64xbf16>
    lighthouse.yield %norms : tensor<2x4x250xf32>
  }
  return
}

// CHECK: tile.kernel @f_attend_token_norm(%[[K:[^:]+]]: !tile.view<8x1x63x64xbf16>, %[[Q:[^:]+]]: !tile.view<8x4x63x64xbf16>, %[[V:[^:]+]]: !tile.view<8x1x63x64xbf16>, %[[NORMS:[^:]+]]: !tile.view<2x4x250xf32>)
// CHECK: %[[HEAD:.+]] = arith.remui %{{.+}}, %c4_i32
// CHECK: %[[SHARED:.+]] = arith.divui %[[HEAD]], %c4_i32
// CHECK-DAG: tile.{{copy|fetch}} %[[K]][%{{.+}}, %[[SHARED]],
// CHECK-DAG: tile.{{copy|fetch}} %[[Q]][%{{.+}}, %[[HEAD]],
// CHECK: tile.{{copy|fetch}} %[[V]][%{{.+}}, %[[SHARED]],
// CHECK-NOT: tile.send
// CHECK: arith.divf
// CHECK: %[[OS:.+]] = arith.mulf
// CHECK: %[[CLASS:.+]] = arith.remui %[[ENTRY:.+]], %c4_i32
// CHECK: %[[BATCH:.+]] = arith.divui %[[ENTRY]], %c4_i32
// CHECK: %[[TIMES:.+]] = arith.muli %[[ROW:.+]], %{{.+}} : tensor<
// CHECK: %[[SPLAT:.+]] = tile.splat %[[CLASS]]
// CHECK: %[[TOKEN:.+]] = arith.addi %[[TIMES]], %[[SPLAT]]
// CHECK: %[[SQUARES:.+]] = arith.mulf %[[OS]], %[[OS]]
// CHECK: %[[SUM:.+]] = tile.reduce add %[[SQUARES]]
// CHECK: %[[NORM:.+]] = math.sqrt %[[SUM]]
// CHECK: %[[REAL:.+]] = arith.cmpi slt, %[[TOKEN]],
// CHECK: tile.store %[[NORM]], %[[NORMS]][%[[BATCH]], %[[HEAD]], %[[TOKEN]]] mask %[[REAL]]
// CHECK-NOT: tile.store
