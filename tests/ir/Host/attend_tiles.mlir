// SPDX-License-Identifier: Apache-2.0
// With tiles, attention on bfloat16 rows multiplies in tile registers; the weights go in as three bfloat16 parts, so that none of their bits is lost.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host="tiles=true" | FileCheck %s
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host | FileCheck %s --check-prefix=NONE --implicit-check-not=amx.

func.func @f(%qs: tensor<1x4x1024x32xbf16>, %ks: tensor<1x2x1024x32xbf16>) {
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks) : (tensor<1x4x1024x32xbf16>, tensor<1x2x1024x32xbf16>)
      -> (tensor<1x4x1024x32xbf16>, tensor<1x4x1024xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %k {scale = 0.25 : f32} : tensor<1x4x1024x32xbf16>, tensor<1x2x1024x32xbf16>, tensor<1x2x1024x32xbf16>
    lighthouse.yield %os, %lse : tensor<1x4x1024x32xbf16>, tensor<1x4x1024xf32>
  }
  return
}

// NONE: func.func @f_attend(

// CHECK-LABEL: func.func @f_attend(
// CHECK-SAME: %[[Q:[^:]+]]: memref<1x4x1024x32xbf16>, %[[K:[^:]+]]: memref<1x2x1024x32xbf16>, %[[OS:[^:]+]]: memref<1x4x1024x32xbf16>, %[[LSE:[^:]+]]: memref<1x4x1024xf32>
// 4 blocks of 256 queries for each of 4 heads.
// CHECK-SAME: lighthouse.items = 16 : i64
// Keys are whole blocks of whole tiles here, and are read where they are.
// CHECK: amx.tile_zero
// CHECK: %[[KEYS:.+]] = amx.tile_load %[[K]]
// CHECK: %[[QUERIES:.+]] = amx.tile_load %{{.+}} : memref<16x544xbf16> into !amx.tile<16x32xbf16>
// CHECK: amx.tile_mulf %[[KEYS]], %[[QUERIES]]
// CHECK: amx.tile_store
// The upper half of a weight's bits, three times.
// CHECK-COUNT-3: arith.shrui
// CHECK: %[[SUM:.+]] = amx.tile_load %{{.+}} : memref<32x288xf32> into !amx.tile<16x16xf32>
// CHECK-COUNT-24: amx.tile_mulf
// CHECK-NOT: amx.tile_mulf
// CHECK: vector.store {{.*}}, %[[OS]]
