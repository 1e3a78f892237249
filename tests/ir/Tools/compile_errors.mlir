// SPDX-License-Identifier: Apache-2.0
// Refusals name the fix. The exit status is that of bad usage, which `not` takes for failure.
// RUN: not lighthouse compile --seq-len 2048 --head-dim 60 2>&1 | FileCheck %s --check-prefix=HEAD
// RUN: not lighthouse compile --seq-len 1000 --head-dim 64 --levels 3 --pooling-factor 4 2>&1 | FileCheck %s --check-prefix=SHORT
// RUN: not lighthouse compile --seqlen 2048 --head-dim 64 2>&1 | FileCheck %s --check-prefix=OPTION
// RUN: not lighthouse compile --seq-len 2048 2>&1 | FileCheck %s --check-prefix=MISSING
// RUN: not lighthouse compile --seq-len 2048 --head-dim 64 --emit cuda 2>&1 | FileCheck %s --check-prefix=STAGE
// RUN: not lighthouse compile --seq-len 2048 --head-dim 64 --kernel forward_attend 2>&1 | FileCheck %s --check-prefix=KERNEL
// RUN: not lighthouse compile --seq-len 64 --head-dim 8 --emit loops --kernel attend 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not lighthouse compile --seq-len 2048 --head-dim 64 -o %t.none/file 2>&1 | FileCheck %s --check-prefix=FILE
// RUN: not lighthouse compil 2>&1 | FileCheck %s --check-prefix=COMMAND
// RUN: not lighthouse 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not lighthouse cache drop 2>&1 | FileCheck %s --check-prefix=ACTION

// HEAD: lighthouse: error: head_dim: expects a multiple of 8 from 8 to 256, but got 60; 64 fits
// SHORT: lighthouse: error: seq_len: expects 128 windows of 16 tokens {{.*}} at least 2033 tokens, but got 1000; {{.*}} num_levels=2 with topk=128 fits
// OPTION: Did you mean '--seq-len'?
// MISSING: head-dim option: must be specified at least once
// STAGE: for the --emit option: expects one of stages, fused, loops, llvm, asm, tile, nvvm, ptx, sass, but got 'cuda'
// KERNEL: kernel: expects a later stage than --emit stages or fused
// NAME: one of forward_attend, backward_attend_backward, but got attend
// FILE: cannot write '{{.*}}.none/file': No such file or directory
// COMMAND: Did you mean 'compile'?
// NONE: SUBCOMMANDS:
// NONE: expects a subcommand: compile, ptx, bench, suggest, tune, info or cache
// ACTION: cache: expects list or clear, but got 'drop'
