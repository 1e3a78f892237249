// SPDX-License-Identifier: Apache-2.0
// A block goes through its keys from the diagonal to the left. Heads of 40 are padded to 48 columns.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

func.func @f(%qs: tensor<1x4x1000x40xbf16> {lighthouse.strided}, %ks: tensor<1x2x1000x40xbf16>, %vs: tensor<1x2x1000x40xbf16>) {
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) attributes {schedule = {warps = 4, block_rows = 64, block_columns = 32}}
      : (tensor<1x4x1000x40xbf16>, tensor<1x2x1000x40xbf16>, tensor<1x2x1000x40xbf16>) -> (tensor<1x4x1000x40xbf16>, tensor<1x4x1000xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<1x4x1000x40xbf16>, tensor<1x2x1000x40xbf16>, tensor<1x2x1000x40xbf16>
    lighthouse.yield %os, %lse : tensor<1x4x1000x40xbf16>, tensor<1x4x1000xf32>
  }
  return
}

// CHECK: tile.kernel @f_attend(%[[Q:[^:]+]]: !tile.view<1x4x1000x40xbf16, strided>, %[[K:[^:]+]]: !tile.view<1x2x1000x40xbf16>, %[[V:[^:]+]]: !tile.view<1x2x1000x40xbf16>,
// CHECK-SAME: %[[OS:[^:]+]]: !tile.view<1x4x1000x40xbf16>, %[[LSE:[^:]+]]: !tile.view<1x4x1000xf32>) blocks 64 threads 128
// CHECK-DAG: tile.copy %[[Q]][{{.+}} limit %{{.+}}, %[[SQ:.+]] :
// CHECK-DAG: tile.copy %[[K]][{{.+}} limit %{{.+}}, %[[SK:.+]] :
// Carried: sums of values, largest scores, sums of weights. A block of keys at the diagonal is masked.
// CHECK: scf.for {{.+}} -> (tensor<64x48xf32, #mma>, tensor<64xf32, #a_row>, tensor<64xf32, #a_row>)
// CHECK: tile.barrier
// CHECK: tile.copy %[[V]][{{.+}} limit %{{.+}}, %[[SV:.+]] :
// CHECK: tile.dot %[[SQ]], %[[SK]], %{{.+}} transposed
// CHECK: tile.barrier
// CHECK: tile.copy %[[K]]
// CHECK: scf.if
// CHECK: tile.keep lower
// CHECK: tile.reduce max
// CHECK: math.exp2
// CHECK: tile.reduce add
// CHECK: tile.dot %{{.+}}, %[[SV]], %{{.+}} : tensor<64x32xbf16, #mma>
// CHECK: scf.yield
// CHECK: tile.store %{{.+}}, %[[OS]][
// lse in base 2 first, by the rounded products that the weights have; of their sum, exponent and mantissa apart.
// CHECK: %[[LARGEST:.+]] = arith.mulf
// CHECK: %[[BITS:.+]] = arith.bitcast %[[SUM:.+]] : tensor<64xf32, #a_row> to tensor<64xi32, #a_row>
// CHECK: %[[BIASED:.+]] = arith.shrui %[[BITS]]
// CHECK: %[[EXPONENT:.+]] = arith.subi %[[BIASED]]
// CHECK: arith.andi %[[BITS]]
// CHECK: %[[ONES:.+]] = arith.ori
// CHECK-DAG: %[[MANTISSA:.+]] = arith.bitcast %[[ONES]]
// CHECK-DAG: %[[WHOLE:.+]] = arith.sitofp %[[EXPONENT]]
// CHECK: %[[FRACTION:.+]] = math.log2 %[[MANTISSA]]
// CHECK: %[[LOG:.+]] = arith.addf %[[WHOLE]], %[[FRACTION]]
// CHECK: %[[LOG_OR_NAN:.+]] = math.fma %[[SUM]], %{{.+}}, %[[LOG]]
// CHECK: %[[LSE2:.+]] = arith.addf %[[LARGEST]], %[[LOG_OR_NAN]]
// CHECK: %[[RESULT:.+]] = arith.mulf %[[LSE2]], %{{.+}}
// CHECK: tile.store %[[RESULT]], %[[LSE]][
