// SPDX-License-Identifier: Apache-2.0
// A run is filled by single words up to a multiple of 16 bytes, then four words at once, then single words.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s --check-prefix=LLVM

// CHECK: tile.fill %{{.+}}, %{{.+}}[%{{.+}}, %{{.+}}] {count = 70} : <2x100xi32>
// LLVM: scf.if
// LLVM: llvm.store {{.+}} : i32, !llvm.ptr<1>
// LLVM: scf.for
// LLVM: llvm.store {{.+}} : vector<4xi32>, !llvm.ptr<1>
// LLVM: scf.if
// LLVM: llvm.store {{.+}} : i32, !llvm.ptr<1>
tile.kernel @fill(%x: !tile.view<2x100xi32>) blocks 2 threads 32 {
  %block = tile.block_id
  %none = arith.constant -1 : i32
  %first = arith.constant 30 : i32
  tile.fill %none, %x[%block, %first] {count = 70} : !tile.view<2x100xi32>
}
