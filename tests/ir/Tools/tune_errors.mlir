// SPDX-License-Identifier: Apache-2.0
// What cannot be tuned: without a driver or a GPU, kernels and devices that there are not, files that cannot be written.
// RUN: not env LIGHTHOUSE_LIBCUDA=/nowhere/libcuda.so.1 lighthouse tune --seq-len 512 --head-dim 16 2>&1 | FileCheck %s --check-prefix=DRIVER
// RUN: not env LIGHTHOUSE_LIBCUDA=%fake_cuda LIGHTHOUSE_FAKE_CUDA=capabilities= lighthouse tune --seq-len 512 --head-dim 16 2>&1 | FileCheck %s --check-prefix=GPU
// RUN: not env LIGHTHOUSE_LIBCUDA=%fake_cuda lighthouse tune --seq-len 512 --head-dim 16 --device 7 2>&1 | FileCheck %s --check-prefix=DEVICE
// RUN: not env LIGHTHOUSE_LIBCUDA=%fake_cuda lighthouse tune --seq-len 512 --head-dim 16 --device -1 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not env LIGHTHOUSE_LIBCUDA=%fake_cuda lighthouse tune --seq-len 512 --head-dim 16 --kernel attend 2>&1 | FileCheck %s --check-prefix=KERNEL
// RUN: not env LIGHTHOUSE_LIBCUDA=%fake_cuda lighthouse tune --seq-len 512 --head-dim 16 --levels 2 --op scatter 2>&1 | FileCheck %s --check-prefix=SCATTER
// RUN: not env LIGHTHOUSE_LIBCUDA=%fake_cuda lighthouse tune --seq-len 512 --head-dim 16 --database %s/file 2>&1 | FileCheck %s --check-prefix=FILE
// RUN: not lighthouse tune --seq-len 512 --head-dim 12 2>&1 | FileCheck %s --check-prefix=SPEC

// DRIVER: lighthouse: error: expects an NVIDIA driver of at least 465 (CUDA 11.3), but could not open it
// GPU: lighthouse: error: device: expects the CPU, as there is no GPU, but got cuda:0
// DEVICE: lighthouse: error: device: expects cuda:0 to cuda:1, but got cuda:7
// NEGATIVE: lighthouse: error: device: expects the number of a GPU, 0 or more, but got -1
// KERNEL: lighthouse: error: kernel: expects one of forward_attend, {{.*}}, but got attend
// SCATTER: lighthouse: error: op: expects attention or gather, but got scatter, whose kernels are tuned with attention
// FILE: lighthouse: error: cannot lock '{{.*}}tune_errors.mlir/file.lock': Not a directory
// SPEC: lighthouse: error: head_dim: expects a multiple of 8 from 8 to 256, but got 12; 16 fits
