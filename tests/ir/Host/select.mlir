// SPDX-License-Identifier: Apache-2.0
// Selection calls one shared function for each level and score, then writes indices and their inverse in post-order.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 1000, padded_len = 1024, num_levels = 3, pooling_factor = 2>
func.func @f(%sq: tensor<1x4x768xf32, #pyramid>, %sk: tensor<1x2x768xf32, #pyramid>) {
  %0:2 = lighthouse.kernel "select_invert" reads(%a = %sq, %b = %sk) : (tensor<1x4x768xf32, #pyramid>, tensor<1x2x768xf32, #pyramid>)
      -> (tensor<1x4x1280xi32, #pyramid>, tensor<1x4x1792xi32, #pyramid>) {
    %sel = lighthouse.select %a, %b {topk = 256} : tensor<1x4x768xf32, #pyramid>, tensor<1x2x768xf32, #pyramid>
    %slots = lighthouse.invert %sel : tensor<1x4x1280xi32, #pyramid>
    lighthouse.yield %sel, %slots : tensor<1x4x1280xi32, #pyramid>, tensor<1x4x1792xi32, #pyramid>
  }
  return
}

// Four rounds of counting digits, largest first; NaN is one key above infinity.
// CHECK-LABEL: func.func private @lighthouse_keep_64(
// CHECK-SAME: memref<?x?x?xf32, strided<[?, ?, 1]>>
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<256xi32>
// CHECK: arith.constant 2139095041 : i32
// CHECK: arith.minui
// CHECK-NOT: @lighthouse_keep_64

// CHECK-LABEL: func.func @f_select_invert(
// CHECK-SAME: %[[SQ:[^:]+]]: memref<1x4x768xf32>, %[[SK:[^:]+]]: memref<1x2x768xf32>,
// CHECK-SAME: %[[INDICES:[^:]+]]: memref<1x4x1280xi32>, %[[SLOTS:[^:]+]]: memref<1x4x1792xi32>
// CHECK-SAME: lighthouse.items = 8 : i64
// Flags of 128 + 256 windows.
// CHECK: %[[FLAGS:.+]] = memref.alloc() : memref<384xi8>
// CHECK: %[[ANYQ:.+]] = memref.cast %[[SQ]]
// CHECK: call @lighthouse_keep_64(%[[ANYQ]]
// CHECK: %[[ANYK:.+]] = memref.cast %[[SK]]
// CHECK: call @lighthouse_keep_64(%[[ANYK]]
// CHECK-COUNT-2: call @lighthouse_keep_64(
// CHECK-NOT: call
// CHECK-COUNT-3: vector.store {{.*}}, %[[SLOTS]]
// Level 0, 1 and 2, inside out.
// CHECK-COUNT-3: memref.store {{.*}}, %[[INDICES]]
// CHECK: memref.dealloc %[[FLAGS]]
