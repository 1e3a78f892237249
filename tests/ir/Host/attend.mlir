// SPDX-License-Identifier: Apache-2.0
// Attention walks the keys in blocks up to the diagonal with a running maximum and sum for each query on a lane: memory is that of a block.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host="lanes=8 registers=16" | FileCheck %s

func.func @f(%qs: tensor<1x4x1000x16xf32>, %ks: tensor<1x2x1000x16xf32>, %vs: tensor<1x2x1000x16xf32>) {
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) : (tensor<1x4x1000x16xf32>, tensor<1x2x1000x16xf32>, tensor<1x2x1000x16xf32>)
      -> (tensor<1x4x1000x16xf32>, tensor<1x4x1000xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<1x4x1000x16xf32>, tensor<1x2x1000x16xf32>, tensor<1x2x1000x16xf32>
    lighthouse.yield %os, %lse : tensor<1x4x1000x16xf32>, tensor<1x4x1000xf32>
  }
  return
}

// 42 blocks of 24 queries for each of 4 heads. Scratch is of one block, none of 1000 x 1000.
// CHECK-LABEL: func.func @f_attend(
// CHECK-SAME: %[[Q:[^:]+]]: memref<1x4x1000x16xf32>, %[[K:[^:]+]]: memref<1x2x1000x16xf32>, %[[V:[^:]+]]: memref<1x2x1000x16xf32>, %[[OS:[^:]+]]: memref<1x4x1000x16xf32>, %[[LSE:[^:]+]]: memref<1x4x1000xf32>
// CHECK-SAME: lighthouse.items = 168 : i64
// CHECK-DAG: %[[PT:.+]] = memref.alloca() {alignment = 64 : i64} : memref<96x24xf32>
// CHECK-NOT: memref.alloc(
// Two query heads to a key head.
// CHECK: %[[TWO:.+]] = arith.constant 2 : index
// CHECK: %[[KV:.+]] = arith.divui %{{.+}}, %[[TWO]] : index
// The scale and log2(e) are in the queries.
// CHECK: vector.load %[[Q]]
// CHECK: arith.constant 0.360673755 : f32
// Keys up to the block's last query, 96 at a time.
// CHECK: %[[END:.+]] = arith.minui
// CHECK: %[[STEP:.+]] = arith.constant 96 : index
// CHECK: scf.for %{{.+}} = %{{.+}} to %[[END]] step %[[STEP]] iter_args({{.*}}) -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>)
// CHECK: vector.load %[[K]][%{{[^,]+}}, %[[KV]],
// CHECK: vector.load %[[V]][
// CHECK: vector.fma
// CHECK: vector.store {{.*}}, %[[OS]]
// CHECK: math.log
// CHECK: memref.store {{.*}}, %[[LSE]]
