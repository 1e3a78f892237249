// SPDX-License-Identifier: Apache-2.0
// One element of a shared tile, the same in every thread, may end a loop.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s --check-prefix=LLVM

#linear = #tile.linear<threads = 32>
// CHECK: tile.read %{{.+}}[%{{.+}}] : (!tile.shared<4xi32>, i32) -> i32
// LLVM: scf.while (%{{.+}} = %{{.+}}, %{{.+}} = %{{.+}}, %{{.+}} = %{{.+}}) : (i32, i32, i32) -> (i32, i32, i32)
// LLVM: llvm.load {{.+}} : !llvm.ptr<3> -> i32
// LLVM: scf.condition
tile.kernel @last() blocks 1 threads 32 {
  %s = tile.alloc : !tile.shared<4xi32>
  %c3 = arith.constant 3 : i32
  %x = tile.range : tensor<64xi32, #linear>
  %0:2 = scf.while (%i = %c3, %y = %x) : (i32, tensor<64xi32, #linear>) -> (i32, tensor<64xi32, #linear>) {
    %next = tile.read %s[%i] : (!tile.shared<4xi32>, i32) -> i32
    %again = arith.cmpi slt, %next, %i : i32
    scf.condition(%again) %next, %y : i32, tensor<64xi32, #linear>
  } do {
  ^bb0(%i: i32, %y: tensor<64xi32, #linear>):
    %z = arith.addi %y, %y : tensor<64xi32, #linear>
    scf.yield %i, %z : i32, tensor<64xi32, #linear>
  }
}
