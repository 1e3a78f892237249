// SPDX-License-Identifier: Apache-2.0
// Attention's backward: a work item has a key head and a run of blocks of keys, and a dQ of its own, so that none adds to another's.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host="lanes=8 registers=16" | FileCheck %s

func.func @f(%qs: tensor<1x4x1000x16xf16>, %ks: tensor<1x2x1000x16xf16>, %os: tensor<1x4x1000x16xf16>, %lse: tensor<1x4x1000xf32>) {
  %0:3 = lighthouse.kernel "attend_backward" reads(%q = %qs, %k = %ks, %o = %os, %l = %lse) : (tensor<1x4x1000x16xf16>, tensor<1x2x1000x16xf16>, tensor<1x4x1000x16xf16>, tensor<1x4x1000xf32>)
      -> (tensor<1x4x3000x16xf32>, tensor<1x2x1000x16xf32>, tensor<1x2x1000x16xf32>) {
    %dqs, %dks, %dvs = lighthouse.attend_backward %q, %k, %k, %o, %l, %o {scale = 0.25 : f32, parts = 3 : i64}
        : tensor<1x4x1000x16xf16>, tensor<1x2x1000x16xf16>, tensor<1x2x1000x16xf16>
    lighthouse.yield %dqs, %dks, %dvs : tensor<1x4x3000x16xf32>, tensor<1x2x1000x16xf32>, tensor<1x2x1000x16xf32>
  }
  return
}

// 3 runs of keys for each of 2 key heads. Scratch is O(rows): lse and delta of the group's two heads.
// CHECK-LABEL: func.func @f_attend_backward(
// CHECK-SAME: %[[Q:[^:]+]]: memref<1x4x1000x16xf16>, %[[K:[^:]+]]: memref<1x2x1000x16xf16>, %[[O:[^:]+]]: memref<1x4x1000x16xf16>, %[[LSE:[^:]+]]: memref<1x4x1000xf32>, %[[DQ:[^:]+]]: memref<1x4x3000x16xf32>, %[[DK:[^:]+]]: memref<1x2x1000x16xf32>, %[[DV:[^:]+]]: memref<1x2x1000x16xf32>
// CHECK-SAME: lighthouse.items = 6 : i64
// CHECK: %[[STATS:.+]] = memref.alloc() : memref<2x2x1000xf32>
// CHECK-NOT: memref.alloc()
// From the run's first key on: delta, and zeros where dQ will be summed.
// CHECK: scf.for
// CHECK: memref.load %[[LSE]]
// CHECK: vector.load %[[O]]
// CHECK: memref.store {{.*}}, %[[STATS]]
// CHECK: vector.store {{.*}}, %[[DQ]]
// Keys 48 at a time; for each block the queries at and after it.
// CHECK: %[[STEP:.+]] = arith.constant 48 : index
// CHECK: scf.for %[[KEY:.+]] = %{{.+}} to %{{.+}} step %[[STEP]]
// CHECK: vector.load %[[K]]
// CHECK: scf.for %{{.+}} = %[[KEY]] to
// CHECK: vector.load %[[Q]]
// CHECK: vector.fma
// CHECK: vector.load %[[DQ]]
// CHECK: vector.store {{.*}}, %[[DQ]]
// CHECK: vector.store {{.*}}, %[[DK]]
// CHECK: vector.store {{.*}}, %[[DV]]
// CHECK: memref.dealloc %[[STATS]]
