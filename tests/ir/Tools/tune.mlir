// SPDX-License-Identifier: Apache-2.0
// Tuning on the fake driver, where all takes the same time: the table, the database, and what `info` says of it.
// RUN: rm -rf %t.cache
// RUN: env LIGHTHOUSE_CACHE_DIR=%t.cache LIGHTHOUSE_LIBCUDA=%fake_cuda LIGHTHOUSE_FAKE_CUDA=spills=0 LIGHTHOUSE_PTXAS=0 lighthouse tune --op gather --seq-len 512 --head-dim 16 --levels 2 --kernel forward_gather --kernel forward_pool_score 2>&1 | FileCheck %s
// RUN: env LIGHTHOUSE_CACHE_DIR=%t.cache LIGHTHOUSE_LIBCUDA=%fake_cuda lighthouse info | FileCheck %s --check-prefix=INFO
// RUN: env LIGHTHOUSE_CACHE_DIR=%t.cache LIGHTHOUSE_LIBCUDA=%fake_cuda lighthouse info --tuning | FileCheck %s --check-prefix=ENTRIES
// RUN: env LIGHTHOUSE_CACHE_DIR=%t.cache LIGHTHOUSE_LIBCUDA=%fake_cuda lighthouse info --json | FileCheck %s --check-prefix=JSON

// A file that is named is taken in place of the user's.
// RUN: env LIGHTHOUSE_CACHE_DIR=%t.cache LIGHTHOUSE_LIBCUDA=%fake_cuda LIGHTHOUSE_FAKE_CUDA=spills=8 LIGHTHOUSE_PTXAS=0 lighthouse tune --op gather --seq-len 1024 --head-dim 16 --levels 2 --kernel forward_pool_score --device 1 --database %t.cache/named.json | FileCheck %s --check-prefix=SPILLS
// RUN: FileCheck %s --check-prefix=NAMED < %t.cache/named.json

// After a crash another process goes on without the candidate.
// RUN: env LIGHTHOUSE_CACHE_DIR=%t.cache LIGHTHOUSE_LIBCUDA=%fake_cuda LIGHTHOUSE_FAKE_CUDA="spills=0 crash=64" LIGHTHOUSE_PTXAS=0 lighthouse tune --op gather --seq-len 2048 --head-dim 16 --levels 2 --kernel forward_gather 2>&1 | FileCheck %s --check-prefix=CRASH

// Roles get no registers of the fake driver's assembler.
// RUN: env LIGHTHOUSE_CACHE_DIR=%t.cache LIGHTHOUSE_LIBCUDA=%fake_cuda LIGHTHOUSE_FAKE_CUDA=spills=0 LIGHTHOUSE_PTXAS=0 lighthouse tune --seq-len 512 --head-dim 128 --dtype bfloat16 --kernel forward_attend --kernel backward_attend_backward_joined | FileCheck %s --check-prefix=ROLES

// CHECK-DAG: lighthouse: tuning forward_pool_score: 10.0 us, by default
// CHECK-DAG: lighthouse: tuning forward_gather: 10.0 us, by default
// CHECK: Fake GPU 0
// CHECK-NEXT: op=gather, dtype=float32, {{.*}} seq_len=512
// CHECK: kernel {{ *}}default {{ *}}best {{ *}}default us {{ *}}best us {{ *}}gain {{ *}}tried {{ *}}pruned {{ *}}rejected
// CHECK-NEXT: forward_pool_score {{ *}}threads=128 {{ *}}= {{ *}}10.0 {{ *}}10.0 {{ *}}0.0% {{ *}}3 {{ *}}0 {{ *}}0
// CHECK-NEXT: forward_gather {{ *}}rows_per_group=2,threads=256 {{ *}}= {{ *}}10.0 {{ *}}10.0 {{ *}}0.0% {{ *}}11 {{ *}}0 {{ *}}0
// CHECK: kept in {{.*}}tune.mlir{{.*}}tuning-Fake-GPU-0.json

// INFO: tuning {{ *}}Fake GPU 0: 2 kernels in {{.*}}tuning-Fake-GPU-0.json, 0 shipped
// INFO-NEXT: tuning {{ *}}Fake GPU 1: 0 kernels in
// ENTRIES: forward_gather float32 head_dim=16 group=1 length=512 levels=2: defaults, 10.0 us (10.0 by default)
// JSON: "tuning": {
// JSON-NEXT: "database": "{{.*}}tuning-Fake-GPU-0.json"
// JSON: "kernel": "forward_pool_score"
// JSON: "shipped": false

// SPILLS: forward_pool_score, rejected:
// SPILLS-NEXT: 3 x spills 8 bytes
// SPILLS: kept in {{.*}}named.json
// NAMED: "length": 1024
// NAMED: "gpu": "Fake GPU 1"

// CRASH-COUNT-3: lighthouse: warning: tuning forward_gather with {{.*}}threads=64 took the GPU's context down: the kernel failed: CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered); it is recorded, and another process leaves it out
// CRASH: forward_gather {{.*}} 8 {{ *}}0 {{ *}}3
// CRASH: 3 x crashed before: the kernel failed: CUDA_ERROR_ILLEGAL_ADDRESS

// ROLES: forward_attend {{ *}}block_columns=128,stages=2,warpgroups=2 {{ *}}= {{.*}} 0 {{ *}}11 {{ *}}16
// ROLES: backward_attend_backward_joined {{ *}}block_columns=64,stages=2,warpgroups=2 {{ *}}= {{.*}} 0 {{ *}}0 {{ *}}1
// ROLES: forward_attend, rejected:
// ROLES-NEXT: 16 x (C7508) Potential Performance Loss: 'setmaxnreg' ignored
// ROLES: forward_attend, pruned:
// ROLES-NEXT: 7 x expects tiles of at most 232448 bytes of shared memory
// ROLES-NEXT: 4 x expects at most 160 registers a thread of a role
