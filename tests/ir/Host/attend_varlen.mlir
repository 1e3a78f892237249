// SPDX-License-Identifier: Apache-2.0
// A call gives the number of rows: items whose first query is beyond do nothing, and keys end with the rows.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host="lanes=8 registers=16" | FileCheck %s

!q = tensor<1x4x1000x16xf32>
func.func @f(%qs: !q {lighthouse.strided, lighthouse.varlen}, %ks: !q {lighthouse.strided, lighthouse.varlen}, %vs: !q {lighthouse.strided, lighthouse.varlen}) {
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) : (!q, !q, !q) -> (!q, tensor<1x4x1000xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : !q, !q, !q
    lighthouse.yield %os, %lse : !q, tensor<1x4x1000xf32>
  }
  return
}

// CHECK-LABEL: func.func @f_attend(
// CHECK-SAME: %[[Q:[^:]+]]: memref<1x4x?x16xf32, strided<[?, ?, ?, 1]>>
// CHECK-SAME: lighthouse.items = 168 : i64
// CHECK: %[[ROWS:.+]] = memref.dim %[[Q]]
// CHECK: %[[FIRST:.+]] = arith.muli
// CHECK: %[[ANY:.+]] = arith.cmpi ult, %[[FIRST]], %{{.+}} : index
// CHECK: scf.if %[[ANY]]
// CHECK: %[[END:.+]] = arith.minui %{{.+}}, %[[ROWS]]
// CHECK: scf.for %{{.+}} = %{{.+}} to %[[END]]
