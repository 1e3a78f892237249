// SPDX-License-Identifier: Apache-2.0
// Schedules that name no kernel, no parameter, or no value.
// RUN: not lighthouse ptx --seq-len 64 --head-dim 64 --arch sm_90a --schedule attend:warps=2 2>&1 | FileCheck %s --check-prefix=KERNEL
// RUN: not lighthouse ptx --seq-len 64 --head-dim 64 --arch sm_90a --schedule forward_attend:lanes=2 2>&1 | FileCheck %s --check-prefix=PARAMETER
// RUN: not lighthouse ptx --seq-len 64 --head-dim 64 --arch sm_90a --schedule forward_attend:warps=8 2>&1 | FileCheck %s --check-prefix=VALUE
// RUN: not lighthouse ptx --seq-len 64 --head-dim 64 --arch sm_90a --schedule forward_attend 2>&1 | FileCheck %s --check-prefix=FORM
// RUN: not lighthouse ptx --seq-len 64 --head-dim 64 --arch sm_90a --schedule forward_attend:warps=0 2>&1 | FileCheck %s --check-prefix=FORM
// RUN: not lighthouse ptx --seq-len 64 --head-dim 64 --arch sm_90a --schedule forward_attend:warps=2,warps=4 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not lighthouse compile --seq-len 64 --head-dim 64 --emit loops --schedule forward_attend:warps=2 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: not lighthouse compile --seq-len 64 --head-dim 64 --arch sm_90a --schedule forward_attend:warps=2 2>&1 | FileCheck %s --check-prefix=STAGE

// KERNEL: schedule: expects one of forward_attend, {{.*}}, but got attend
// PARAMETER: expects schedule parameters out of block_columns, block_rows, warps, but got "lanes"
// VALUE: expects schedule parameter block_rows to be a multiple of 128 (16 a warp), but got 64
// FORM: schedule: expects kernel:name=value,... with positive integers, for example forward_attend:block_rows=64,warps=4, but got 'forward_attend
// TWICE: schedule: expects one value for warps of forward_attend, but got two
// CPU: schedule: expects a GPU's architecture, as kernels of the CPU have no such parameters, but got 'forward_attend:warps=2' without one
// STAGE: schedule: expects a later stage than stages, which have no kernels yet
