// SPDX-License-Identifier: Apache-2.0
// A kernel binds what it reads, yields what it writes, and names its results as the region does.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

!rows = tensor<1x2x100x16xf32>
// CHECK-LABEL: func.func @attend
// CHECK-SAME: %[[Q:[^:]+]]: tensor<1x2x100x16xf32>
// CHECK: %os, %lse = lighthouse.kernel "attend" reads(%[[A:.+]] = %[[Q]]) : (tensor<1x2x100x16xf32>) -> (tensor<1x2x100x16xf32>, tensor<1x2x100xf32>) {
// CHECK-NEXT: %[[OS:.+]], %[[LSE:.+]] = lighthouse.attend %[[A]], %[[A]], %[[A]]
// CHECK-NEXT: lighthouse.yield %[[OS]], %[[LSE]] : tensor<1x2x100x16xf32>, tensor<1x2x100xf32>
// CHECK-NEXT: }
// CHECK: return %os, %lse
func.func @attend(%q: !rows) -> (!rows, tensor<1x2x100xf32>) {
  %0, %1 = lighthouse.kernel "attend" reads(%a = %q) : (!rows) -> (!rows, tensor<1x2x100xf32>) {
    %2, %3 = lighthouse.attend %a, %a, %a {scale = 0.25 : f32} : !rows, !rows, !rows
    lighthouse.yield %2, %3 : !rows, tensor<1x2x100xf32>
  }
  return %0, %1 : !rows, tensor<1x2x100xf32>
}

// The terminator of a kernel that writes nothing may be left out; other attributes go by `attributes`.
// CHECK-LABEL: func.func @nothing
// CHECK: lighthouse.kernel "nothing" reads() attributes {note = 1 : i64} : () -> () {
// CHECK-NEXT: lighthouse.yield
// CHECK-NEXT: }
func.func @nothing() {
  lighthouse.kernel "nothing" reads() attributes {note = 1 : i64} : () -> () {
  }
  return
}
