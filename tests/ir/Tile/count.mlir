// SPDX-License-Identifier: Apache-2.0
// Counting adds to shared memory in one step, under a predicate where there is a mask.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s --check-prefix=LLVM

#linear = #tile.linear<threads = 32>
// CHECK: tile.count %[[BINS:.+]][%[[AT:.+]]] : !tile.shared<256xi32>, tensor<32xi32, #linear>
// CHECK: tile.count %[[BINS]][%[[AT]]] mask %{{.+}} : !tile.shared<256xi32>, tensor<32xi32, #linear>, tensor<32xi1, #linear>
// LLVM: "red.shared.add.u32 [$0], 1;"
// LLVM: "@$1 red.shared.add.u32 [$0], 1;"
tile.kernel @count() blocks 1 threads 32 {
  %bins = tile.alloc : !tile.shared<256xi32>
  %at = tile.range : tensor<32xi32, #linear>
  %mask = arith.constant dense<true> : tensor<32xi1, #linear>
  tile.count %bins[%at] : !tile.shared<256xi32>, tensor<32xi32, #linear>
  tile.count %bins[%at] mask %mask : !tile.shared<256xi32>, tensor<32xi32, #linear>, tensor<32xi1, #linear>
}
