// SPDX-License-Identifier: Apache-2.0
// Kernels of one function differ in name: the lowering makes a function of each.
// RUN: lighthouse-opt %s -lighthouse-fuse-stages | FileCheck %s

!rows = tensor<1x1x100x16xf32>
// CHECK-LABEL: func.func @three
// CHECK: %[[A:.+]] = lighthouse.kernel "attend" reads
// CHECK: %[[B:.+]] = lighthouse.kernel "attend_2" reads(%{{.+}} = %[[A]])
// CHECK: %[[C:.+]] = lighthouse.kernel "attend_3" reads(%{{.+}} = %[[B]])
// CHECK: return %[[C]]
func.func @three(%q: !rows) -> !rows {
  %0, %1 = lighthouse.attend %q, %q, %q {scale = 0.25 : f32} : !rows, !rows, !rows
  %2, %3 = lighthouse.attend %0, %0, %0 {scale = 0.25 : f32} : !rows, !rows, !rows
  %4, %5 = lighthouse.attend %2, %2, %2 {scale = 0.25 : f32} : !rows, !rows, !rows
  return %4 : !rows
}

// Names are a function's own.
// CHECK-LABEL: func.func @one
// CHECK: lighthouse.kernel "attend" reads
func.func @one(%q: !rows) -> !rows {
  %0, %1 = lighthouse.attend %q, %q, %q {scale = 0.25 : f32} : !rows, !rows, !rows
  return %0 : !rows
}
