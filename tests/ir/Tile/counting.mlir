// SPDX-License-Identifier: Apache-2.0
// Words for selecting: sums over the block, a histogram in shared memory, a run of one value in a view, single elements.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#linear = #tile.linear<threads = 32>
// CHECK-LABEL: tile.kernel @counting
// CHECK: %[[BEFORE:.+]], %[[TOTAL:.+]] = tile.scan %{{.+}} : tensor<64xi32, #linear>
// CHECK: tile.count %{{.+}}[%[[BEFORE]]] : !tile.shared<256xi32>, tensor<64xi32, #linear>
// CHECK: tile.count %{{.+}}[%[[BEFORE]]] mask %{{.+}} : !tile.shared<256xi32>, tensor<64xi32, #linear>, tensor<64xi1, #linear>
// CHECK: tile.read %{{.+}}[%[[TOTAL]]] : (!tile.shared<256xi32>, i32) -> i32
// CHECK: tile.fill %{{.+}}, %{{.+}}[%{{.+}}, %{{.+}}] {count = 100} : <2x100xi32, strided>
tile.kernel @counting(%x: !tile.view<2x100xi32, strided>) blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %flags = arith.constant dense<1> : tensor<64xi32, #linear>
  %true = arith.constant dense<true> : tensor<64xi1, #linear>
  %s = tile.alloc : !tile.shared<256xi32>
  %before, %total = tile.scan %flags : tensor<64xi32, #linear>
  tile.count %s[%before] : !tile.shared<256xi32>, tensor<64xi32, #linear>
  tile.count %s[%before] mask %true : !tile.shared<256xi32>, tensor<64xi32, #linear>, tensor<64xi1, #linear>
  %one = tile.read %s[%total] : (!tile.shared<256xi32>, i32) -> i32
  tile.fill %c, %x[%c, %c] {count = 100} : !tile.view<2x100xi32, strided>
}
