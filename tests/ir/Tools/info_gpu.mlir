// SPDX-License-Identifier: Apache-2.0
// What `lighthouse info` says of GPUs: without a driver, and of those of the fake one.
// RUN: env LIGHTHOUSE_LIBCUDA=/nowhere/libcuda.so.1 LIGHTHOUSE_PTXAS=0 lighthouse info | FileCheck %s --check-prefix=NONE
// RUN: env LIGHTHOUSE_LIBCUDA=/nowhere/libcuda.so.1 lighthouse info --json | FileCheck %s --check-prefix=NONE-JSON
// RUN: env LIGHTHOUSE_LIBCUDA=%fake_cuda LIGHTHOUSE_FAKE_CUDA="version=12080 capabilities=90,75" LIGHTHOUSE_PTXAS=%S/Inputs/ptxas lighthouse info | FileCheck %s
// RUN: env LIGHTHOUSE_LIBCUDA=%fake_cuda LIGHTHOUSE_PTXAS=%S/Inputs/ptxas lighthouse info --json | FileCheck %s --check-prefix=JSON
// RUN: env LIGHTHOUSE_LIBCUDA=%fake_cuda LIGHTHOUSE_FAKE_CUDA=fail=cuDeviceGetCount:2 lighthouse info 2>&1 | FileCheck %s --check-prefix=BROKEN
// RUN: env LIGHTHOUSE_LIBCUDA=%fake_cuda LIGHTHOUSE_PTXAS=%S/info_gpu.mlir lighthouse info | FileCheck %s --check-prefix=WRONG

// NONE: driver {{ *}}none: expects an NVIDIA driver of at least 465 (CUDA 11.3), but could not open it: /nowhere/libcuda.so.1
// NONE-NEXT: ptxas {{ *}}none (the driver compiles)
// NONE-NEXT: disk cache
// NONE-JSON: "devices": [],
// NONE-JSON: "driver": {
// NONE-JSON-NEXT: "cuda": "",
// NONE-JSON-NEXT: "trouble": "expects an NVIDIA driver

// CHECK: driver {{ *}}CUDA 12.8
// CHECK-NEXT: cuda:0 {{ *}}Fake GPU 0 (9.0, sm_90a), 132 multiprocessors, 80.0 GiB
// CHECK-NEXT: cuda:1 {{ *}}Fake GPU 1 (7.5, not usable: expects a GPU of compute capability 8.0 (Ampere) or later, but got 7.5), 132 multiprocessors, 80.0 GiB
// CHECK-NEXT: ptxas {{ *}}12.4.131 ({{.*}}Inputs/ptxas)

// JSON: "assembler": "ptxas 12.4.131 ({{.*}}Inputs/ptxas)"
// JSON: "arch": "sm_90a",
// JSON-NEXT: "capability": "9.0",
// JSON-NEXT: "device": "cuda:0",
// JSON: "driver": {
// JSON-NEXT: "cuda": "13.0",

// BROKEN: driver {{ *}}CUDA 13.0, but cuDeviceGetCount: CUDA_ERROR_OUT_OF_MEMORY (out of memory)
// WRONG: ptxas {{ *}}LIGHTHOUSE_PTXAS expects a ptxas of CUDA 12.0 to 13.x for sm_90a, but got '{{.*}}info_gpu.mlir', which is none
