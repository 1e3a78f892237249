// SPDX-License-Identifier: Apache-2.0
// For sm_90a one kernel gives all gradients of attention, of 16-bit heads of up to 128 elements.
// RUN: lighthouse compile --seq-len 1000 --head-dim 128 --dtype bfloat16 --emit fused --arch sm_90a | FileCheck %s --check-prefix=JOINED
// RUN: lighthouse compile --seq-len 1000 --head-dim 64 --dtype float16 --emit fused --arch sm_90a | FileCheck %s --check-prefix=JOINED
// RUN: lighthouse compile --seq-len 1000 --head-dim 136 --dtype bfloat16 --emit fused --arch sm_90a | FileCheck %s --check-prefix=APART
// RUN: lighthouse compile --seq-len 1000 --head-dim 128 --emit fused --arch sm_90a | FileCheck %s --check-prefix=APART
// RUN: lighthouse compile --seq-len 1000 --head-dim 128 --dtype bfloat16 --emit fused --arch sm_80 | FileCheck %s --check-prefix=APART
// RUN: lighthouse compile --seq-len 1000 --head-dim 128 --dtype bfloat16 --emit fused --arch sm_100a | FileCheck %s --check-prefix=APART
// RUN: lighthouse compile --seq-len 1000 --head-dim 128 --dtype bfloat16 --emit nvvm --arch sm_90a | FileCheck %s --check-prefix=NVVM

// JOINED: func.func @backward(
// JOINED: lighthouse.kernel "row_dot"
// JOINED: lighthouse.kernel "attend_backward_joined"
// JOINED-NOT: lighthouse.kernel
// APART: func.func @backward(
// APART: lighthouse.kernel "row_dot"
// APART: lighthouse.kernel "attend_backward_keys"
// APART: lighthouse.kernel "attend_backward_queries"

// Queries, keys and values, and the outputs: whatever their strides, the maps have them.
// NVVM: llvm.func ptx_kernelcc @forward_attend(
// NVVM-SAME: lighthouse.tensor_maps = [{columns = 64 : i64, rows = 64 : i64, swizzle = 128 : i64, view = 0 : i64}, {columns = 64 : i64, rows = 128 : i64, swizzle = 128 : i64, view = 1 : i64}, {columns = 64 : i64, rows = 128 : i64, swizzle = 128 : i64, view = 2 : i64}, {columns = 64 : i64, rows = 64 : i64, swizzle = 128 : i64, view = 3 : i64}]
// NVVM-SAME: lighthouse.threads = 384 : i64
// NVVM: llvm.func ptx_kernelcc @backward_attend_backward_joined(
// NVVM-SAME: {columns = 64 : i64, flat, rows = 1 : i64, swizzle = 0 : i64
// NVVM-SAME: {columns = 32 : i64, rows = 64 : i64, swizzle = 128 : i64
// NVVM-SAME: lighthouse.zeroed = array<i64: 6>
