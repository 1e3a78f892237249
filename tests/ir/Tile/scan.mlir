// SPDX-License-Identifier: Apache-2.0
// A scan: within warps by shuffles, then over the warps' sums in shared memory that no tile has.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s --check-prefix=LLVM

#linear = #tile.linear<threads = 64>
// CHECK: %{{.+}}, %{{.+}} = tile.scan %{{.+}} : tensor<128xi32, #linear>
// Two registers a thread, a word for each of 32 warps.
// LLVM: llvm.func ptx_kernelcc @scan() attributes {{.*}}lighthouse.shared_bytes = 256
// LLVM-COUNT-5: shfl.sync.up.i32
// LLVM: barrier
// LLVM: scf.if
// LLVM: barrier
// LLVM: shfl.sync.idx.i32
tile.kernel @scan() blocks 1 threads 64 {
  %x = tile.range : tensor<128xi32, #linear>
  %before, %total = tile.scan %x : tensor<128xi32, #linear>
}
