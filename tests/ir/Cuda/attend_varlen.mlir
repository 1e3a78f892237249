// SPDX-License-Identifier: Apache-2.0
// A launch gives the number of rows: what is copied ends there, and blocks of queries beyond see one block of keys only. For sm_90a
// lse is zero behind the end.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile="arch=sm_90a" | FileCheck %s --check-prefix=HOPPER

!q = tensor<1x4x1024x64xbf16>
func.func @f(%qs: !q {lighthouse.strided, lighthouse.varlen}, %ks: !q {lighthouse.strided, lighthouse.varlen}, %vs: !q {lighthouse.strided, lighthouse.varlen}) {
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) : (!q, !q, !q) -> (!q, tensor<1x4x1024xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : !q, !q, !q
    lighthouse.yield %os, %lse : !q, tensor<1x4x1024xf32>
  }
  return
}

// CHECK: tile.kernel @f_attend(%[[Q:[^:]+]]: !tile.view<1x4x1024x64xbf16, strided, varlen>
// CHECK: %[[ROWS:.+]] = tile.rows %[[Q]]
// CHECK: %[[LAST:.+]] = arith.minsi %{{.+}}, %[[ROWS]]
// CHECK: %[[THERE:.+]] = arith.cmpi slt, %{{.+}}, %[[ROWS]]
// CHECK: arith.select %[[THERE]], %{{.+}}, %{{.+}} : i32
// CHECK: tile.copy %[[Q]][{{.+}}] limit %[[ROWS]]

// HOPPER: tile.kernel @f_attend(%[[Q:[^:]+]]: !tile.view<1x4x1024x64xbf16, strided, varlen>
// HOPPER: %[[ROWS:.+]] = tile.rows %[[Q]]
// HOPPER: arith.minsi %{{.+}}, %[[ROWS]]
// HOPPER: %[[THERE:.+]] = arith.cmpi slt, %{{.+}}, %[[ROWS]]
// HOPPER: arith.select %[[THERE]]
// HOPPER: tile.roles
// HOPPER: %[[END:.+]] = tile.splat %[[ROWS]]
// HOPPER: %[[INSIDE:.+]] = arith.cmpi slt, %{{.+}}, %[[END]]
// HOPPER: %[[LSE:.+]] = arith.select %[[INSIDE]], %{{.+}}, %{{.+}} : tensor<64xi1
// HOPPER: %[[ANY:.+]] = arith.cmpi slt, %{{.+}}, %{{.+}} : tensor<64xi32
// HOPPER: tile.store %[[LSE]], %{{.+}} mask %[[ANY]]
