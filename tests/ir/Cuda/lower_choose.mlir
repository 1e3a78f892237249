// SPDX-License-Identifier: Apache-2.0
// The last bit of the number chooses an address.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm -cse | FileCheck %s

#linear = #tile.linear<threads = 32>
// CHECK-LABEL: llvm.func ptx_kernelcc @choose(
// CHECK-SAME: lighthouse.shared_bytes = 256 : i64
// CHECK: %[[EVEN:.+]] = llvm.mlir.addressof @lighthouse_shared
// CHECK: %[[ODD:.+]] = llvm.getelementptr %[[EVEN]][128]
// CHECK: %[[NUMBER:.+]] = llvm.call_intrinsic "llvm.nvvm.read.ptx.sreg.ctaid.x"
// CHECK: %[[BIT:.+]] = arith.andi %[[NUMBER]], %{{.+}} : i32
// CHECK: %[[IS_ODD:.+]] = arith.cmpi sgt, %[[BIT]], %{{.+}} : i32
// CHECK: %[[NOW:.+]] = arith.select %[[IS_ODD]], %[[ODD]], %[[EVEN]] : !llvm.ptr<3>
// CHECK: %[[AT:.+]] = llvm.getelementptr %[[NOW]]
// CHECK: llvm.store %{{.+}}, %[[AT]]
tile.kernel @choose() blocks 2 threads 32 {
  %even = tile.alloc : !tile.shared<32xf32>
  %odd = tile.alloc : !tile.shared<32xf32>
  %number = tile.block_id
  %now = tile.choose %even, %odd by %number : !tile.shared<32xf32>
  %at = tile.range : tensor<32xi32, #linear>
  %x = arith.constant dense<1.0> : tensor<32xf32, #linear>
  %all = arith.constant dense<true> : tensor<32xi1, #linear>
  tile.write %x, %now[%at] mask %all : (tensor<32xf32, #linear>, !tile.shared<32xf32>, tensor<32xi32, #linear>, tensor<32xi1, #linear>)
}
