// SPDX-License-Identifier: Apache-2.0
// Gradients of queries that several blocks add up in any order, and what is compiled in their place where every run has to give the same bits. On the CPU, and where nothing adds so, it is the same
// either way.
// RUN: lighthouse compile --seq-len 128 --head-dim 64 --dtype bfloat16 --arch sm_90a --emit fused | FileCheck %s --check-prefix=DEFAULT
// RUN: lighthouse compile --seq-len 128 --head-dim 64 --dtype bfloat16 --arch sm_90a --emit fused --deterministic | FileCheck %s
// RUN: lighthouse ptx --seq-len 128 --head-dim 64 --dtype bfloat16 --arch sm_90a --deterministic | FileCheck %s --check-prefix=PTX
// RUN: lighthouse ptx --seq-len 128 --head-dim 64 --arch sm_90a > %t.one
// RUN: lighthouse ptx --seq-len 128 --head-dim 64 --arch sm_90a --deterministic > %t.two
// RUN: cmp %t.one %t.two
// RUN: lighthouse compile --seq-len 128 --head-dim 64 --emit fused > %t.one
// RUN: lighthouse compile --seq-len 128 --head-dim 64 --emit fused --deterministic > %t.two
// RUN: cmp %t.one %t.two

// RUN: env LIGHTHOUSE_CACHE=0 LIGHTHOUSE_LIBCUDA=%fake_cuda LIGHTHOUSE_FAKE_CUDA=spills=0 LIGHTHOUSE_PTXAS=0 lighthouse tune --deterministic --seq-len 128 --head-dim 64 --dtype bfloat16 --kernel backward_attend_backward_keys | FileCheck %s --check-prefix=TUNE

// DEFAULT: lighthouse.attend_backward_joined
// CHECK-NOT: joined
// CHECK: lighthouse.attend_backward_keys
// CHECK: lighthouse.attend_backward_queries
// PTX: .entry backward_attend_backward_keys(
// PTX-NOT: red.async
// PTX-NOT: cp.reduce
// TUNE: backward_attend_backward_keys
