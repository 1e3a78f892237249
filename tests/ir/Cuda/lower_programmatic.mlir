// SPDX-License-Identifier: Apache-2.0
// A programmatic kernel waits for the launch in front of it before all else, then lets the next one's blocks come.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s

// CHECK: llvm.func ptx_kernelcc @f(
// CHECK-SAME: lighthouse.programmatic
// CHECK: llvm.inline_asm has_side_effects "griddepcontrol.wait;", "~{memory}"
// CHECK: llvm.inline_asm has_side_effects "griddepcontrol.launch_dependents;", "~{memory}"
// CHECK: st.global
tile.kernel @f(%y: !tile.view<64xf32>) blocks 1 threads 64 programmatic {
  %first = arith.constant 0 : i32
  %one = arith.constant 1.0 : f32
  tile.store %one, %y[%first] : (f32, !tile.view<64xf32>, i32)
}

// CHECK: llvm.func ptx_kernelcc @g(
// CHECK-NOT: griddepcontrol
tile.kernel @g() blocks 1 threads 64 {
}
