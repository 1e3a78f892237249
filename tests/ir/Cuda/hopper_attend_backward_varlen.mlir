// SPDX-License-Identifier: Apache-2.0
// A launch gives the number of rows. Queries behind the end are taken for rows of zeros, as their lse and delta are; blocks of keys that all lie behind it do nothing.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile="arch=sm_90a" | FileCheck %s

!q = tensor<1x4x1024x64xbf16>
!lse = tensor<1x4x1024xf32>
func.func @backward(%qs: !q {lighthouse.strided, lighthouse.varlen}, %ks: !q {lighthouse.strided, lighthouse.varlen}, %vs: !q {lighthouse.strided, lighthouse.varlen}, %lses: !lse, %deltas: !lse, %dos: !q {lighthouse.strided, lighthouse.varlen}) {
  %0:3 = lighthouse.kernel "attend_backward_joined" reads(%q = %qs, %k = %ks, %v = %vs, %lse = %lses, %delta = %deltas, %do = %dos) : (!q, !q, !q, !lse, !lse, !q) -> (tensor<1x4x1024x64xf32>, !q, !q) {
    %dq, %dk, %dv = lighthouse.attend_backward_joined %q, %k, %v, %lse, %delta, %do narrow {scale = 0.25 : f32} : !q, !q, !q, !lse, !lse, !q
    lighthouse.yield %dq, %dk, %dv : tensor<1x4x1024x64xf32>, !q, !q
  }
  return
}

// CHECK: tile.kernel @backward_attend_backward_joined(%[[Q:[^:]+]]: !tile.view<1x4x1024x64xbf16, strided, varlen>
// CHECK: %[[ROWS:.+]] = tile.rows %[[Q]]
// CHECK: tile.roles
// CHECK: %[[THERE:.+]] = arith.cmpi slt, %[[FIRST:.+]], %[[ROWS]]
// CHECK: scf.if %[[THERE]]
// CHECK: }, {
// CHECK: %[[THERE:.+]] = arith.cmpi slt, %[[FIRST]], %[[ROWS]]
// CHECK: scf.if %[[THERE]]
// The run of the diagonal, then all others: no query has a test of its own.
// CHECK: scf.for
// CHECK-NOT: arith.cmpi
// CHECK: tile.keep upper
// CHECK-NOT: arith.cmpi
// CHECK: scf.yield
// CHECK: scf.for
// CHECK-NOT: tile.keep
// CHECK-NOT: arith.cmpi
// CHECK: scf.yield
// CHECK-NOT: scf.for
// CHECK: tile.drain

// Where the most rows end within a run of queries, the last run has the test.
!t = tensor<1x4x1000x64xbf16>
!n = tensor<1x4x1000xf32>
func.func @ragged(%qs: !t {lighthouse.strided, lighthouse.varlen}, %ks: !t {lighthouse.strided, lighthouse.varlen}, %vs: !t {lighthouse.strided, lighthouse.varlen}, %lses: !n, %deltas: !n, %dos: !t {lighthouse.strided, lighthouse.varlen}) {
  %0:3 = lighthouse.kernel "attend_backward_joined" reads(%q = %qs, %k = %ks, %v = %vs, %lse = %lses, %delta = %deltas, %do = %dos) : (!t, !t, !t, !n, !n, !t) -> (tensor<1x4x1000x64xf32>, !t, !t) {
    %dq, %dk, %dv = lighthouse.attend_backward_joined %q, %k, %v, %lse, %delta, %do narrow {scale = 0.25 : f32} : !t, !t, !t, !n, !n, !t
    lighthouse.yield %dq, %dk, %dv : tensor<1x4x1000x64xf32>, !t, !t
  }
  return
}

// CHECK: tile.kernel @ragged_attend_backward_joined
// CHECK: scf.for
// CHECK: arith.cmpi slt, %{{.+}}, %{{.+}} : tensor<128xi32
// CHECK: tile.keep upper
// CHECK: scf.for
// CHECK-NOT: tile.keep
// CHECK: scf.yield
// CHECK: scf.for
// CHECK: arith.cmpi slt, %{{.+}}, %{{.+}} : tensor<128xi32
