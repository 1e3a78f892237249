// SPDX-License-Identifier: Apache-2.0
// The LLVM pipeline ends in functions of the launcher's calling convention; nothing above the LLVM dialect is left.
// RUN: lighthouse compile --seq-len 100 --head-dim 16 -o %t
// RUN: lighthouse-opt %t -lighthouse-fusion -lighthouse-lower-kernels-to-host -lighthouse-host-llvm | FileCheck %s --implicit-check-not="{{ (func|arith|math|memref|scf|cf|vector|builtin)[.][a-z_]+ }}"

// CHECK-DAG: llvm.func @forward_attend(%arg0: !llvm.ptr, %arg1: i64) {
// CHECK-DAG: llvm.func internal @forward_attend.body(
// CHECK-DAG: llvm.func @backward_attend_backward(%arg0: !llvm.ptr, %arg1: i64) {
// CHECK-DAG: llvm.func internal @backward_attend_backward.body(
