// SPDX-License-Identifier: Apache-2.0
// Declarations, functions of kernels already, and functions without stages stay as they are.
// RUN: lighthouse-opt %s -lighthouse-fuse-stages | FileCheck %s

!rows = tensor<1x1x100x16xf32>
// CHECK: func.func private @declared(tensor<1x1x100x16xf32>)
func.func private @declared(!rows)

// CHECK-LABEL: func.func @fused
// CHECK: lighthouse.kernel "mine"
// CHECK-NEXT: lighthouse.attend
// CHECK-NOT: lighthouse.kernel
// CHECK-LABEL: func.func @no_stage
// CHECK-NEXT: return
func.func @fused(%q: !rows) -> !rows {
  %0 = lighthouse.kernel "mine" reads(%a = %q) : (!rows) -> !rows {
    %1, %2 = lighthouse.attend %a, %a, %a {scale = 0.25 : f32} : !rows, !rows, !rows
    lighthouse.yield %1 : !rows
  }
  return %0 : !rows
}
func.func @no_stage(%q: !rows) -> !rows {
  return %q : !rows
}
