// SPDX-License-Identifier: Apache-2.0
// Architectures and the stages that go with them. No GPU is looked for where one is named.
// RUN: not env LIGHTHOUSE_LIBCUDA=none lighthouse ptx --seq-len 64 --head-dim 8 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not env LIGHTHOUSE_LIBCUDA=none lighthouse compile --seq-len 64 --head-dim 8 --emit sass 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not lighthouse ptx --seq-len 64 --head-dim 8 --arch sm_70 2>&1 | FileCheck %s --check-prefix=ARCH
// RUN: not lighthouse compile --seq-len 64 --head-dim 8 --arch sm_90a --emit loops 2>&1 | FileCheck %s --check-prefix=LOOPS
// RUN: not lighthouse compile --seq-len 64 --head-dim 8 --arch sm_90a --emit asm 2>&1 | FileCheck %s --check-prefix=LOOPS
// RUN: not lighthouse ptx --seq-len 64 --head-dim 12 --arch sm_90a 2>&1 | FileCheck %s --check-prefix=SPEC
// RUN: not lighthouse ptx --seq-len 64 --head-dim 8 --emit ptx 2>&1 | FileCheck %s --check-prefix=OPTION
// RUN: lighthouse ptx --help | FileCheck %s --check-prefix=HELP

// NONE: lighthouse: error: arch: expects an architecture where there is no GPU, for example --arch sm_90a, but got none
// ARCH: lighthouse: error: arch: expects one of sm_80, sm_86, sm_89, sm_90a, sm_100a, sm_103a, sm_120a, but got 'sm_70'
// LOOPS: lighthouse: error: stage: expects stages, fused, tile, nvvm, llvm, ptx or sass for sm_90a, but got one of the host CPU
// SPEC: lighthouse: error: head_dim: expects a multiple of 8 from 8 to 256, but got 12; 16 fits
// OPTION: Unknown command line argument '--emit'
// HELP: USAGE: {{.*}} ptx [options]
// HELP: --arch=<name>
// HELP: --kernel=<name>
