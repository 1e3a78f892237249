// SPDX-License-Identifier: Apache-2.0
// The CUDA pipelines end in kernels of the LLVM dialect; nothing above it is left.
// RUN: lighthouse compile --seq-len 100 --head-dim 16 -o %t
// RUN: lighthouse-opt %t -lighthouse-cuda-fusion -lighthouse-cuda-tile -lighthouse-cuda-llvm | FileCheck %s --implicit-check-not="{{ (func|arith|math|scf|cf|builtin|tile)[.][a-z_]+ }}"

// q, k and v with the strides of three dimensions each; out with its own; lse.
// CHECK: llvm.func ptx_kernelcc @forward_attend(%arg0: !llvm.ptr<1>, %arg1: i64, %arg2: i64, %arg3: i64, %arg4: !llvm.ptr<1>, %arg5: i64,
// CHECK-SAME: %arg16: !llvm.ptr<1>) attributes {lighthouse.items = {{[0-9]+}} : i64, lighthouse.min_blocks = {{[0-9]+}} : i64, lighthouse.shared_bytes = {{[0-9]+}} : i64, lighthouse.threads = {{[0-9]+}} : i64} {
// CHECK: llvm.func ptx_kernelcc @backward_row_dot(
// CHECK: llvm.func ptx_kernelcc @backward_attend_backward_keys(
// CHECK: llvm.func ptx_kernelcc @backward_attend_backward_queries(
