// SPDX-License-Identifier: Apache-2.0
// A module without @forward, or with a @backward of its own, stays as it is.
// RUN: split-file %s %t
// RUN: lighthouse-opt %t/other.mlir -lighthouse-differentiate | FileCheck %t/other.mlir --implicit-check-not=@backward
// RUN: lighthouse-opt %t/written.mlir -lighthouse-differentiate | FileCheck %t/written.mlir --implicit-check-not=lighthouse.attend_backward

//--- other.mlir
!rows = tensor<1x1x100x16xf32>
// CHECK-LABEL: func.func @other(
// CHECK: lighthouse.attend
func.func @other(%q: !rows {lighthouse.name = "q"}) -> (!rows {lighthouse.name = "out", lighthouse.differentiable}) {
  %os, %lse = lighthouse.attend %q, %q, %q {scale = 0.25 : f32} : !rows, !rows, !rows
  return %os : !rows
}

//--- written.mlir
!rows = tensor<1x1x100x16xf32>
// CHECK-LABEL: func.func @forward(
// CHECK-SAME: -> (tensor<1x1x100x16xf32> {lighthouse.differentiable, lighthouse.name = "out"}) {
func.func @forward(%q: !rows {lighthouse.name = "q"}) -> (!rows {lighthouse.name = "out", lighthouse.differentiable}) {
  %os, %lse = lighthouse.attend %q, %q, %q {scale = 0.25 : f32} : !rows, !rows, !rows
  return %os : !rows
}
// CHECK-LABEL: func.func @backward(
// CHECK-NEXT: return
func.func @backward(%dout: !rows) -> !rows {
  return %dout : !rows
}
