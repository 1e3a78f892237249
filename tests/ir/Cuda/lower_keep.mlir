// SPDX-License-Identifier: Apache-2.0
// A thread's columns are constants, compared with one number for each of its rows.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm -cse | FileCheck %s

// Two columns of row l / 4 and of the row 8 below; of 16 columns, also the two 8 further on.
#mma = #tile.mma<warps = 1>
// CHECK-LABEL: llvm.func ptx_kernelcc @lower(
// CHECK: %[[HIGH:.+]] = arith.subi %{{.+}}, %{{.+}} : i32
// CHECK: %[[C8:.+]] = arith.constant 8 : i32
// CHECK-NEXT: %[[LOW:.+]] = arith.addi %[[HIGH]], %[[C8]]
// CHECK: %[[NONE:.+]] = arith.constant 0xFF800000 : f32
// CHECK: %[[C0:.+]] = arith.constant 0 : i32
// CHECK: %[[BEYOND:.+]] = arith.cmpi slt, %[[HIGH]], %[[C0]]
// CHECK-NEXT: arith.select %[[BEYOND]], %[[NONE]], %{{.+}} : f32
// CHECK: %[[C1:.+]] = arith.constant 1 : i32
// CHECK: arith.cmpi slt, %[[HIGH]], %[[C1]]
// CHECK: %[[BEYOND:.+]] = arith.cmpi slt, %[[LOW]], %[[C0]]
// CHECK-NEXT: arith.select %[[BEYOND]], %[[NONE]], %{{.+}} : f32
// CHECK: arith.cmpi slt, %[[LOW]], %[[C1]]
// CHECK: arith.cmpi slt, %[[HIGH]], %[[C8]]
// CHECK: %[[C9:.+]] = arith.constant 9 : i32
// CHECK: arith.cmpi slt, %[[HIGH]], %[[C9]]
// CHECK: arith.cmpi slt, %[[LOW]], %[[C8]]
// CHECK: arith.cmpi slt, %[[LOW]], %[[C9]]
// CHECK-NEXT: arith.select %{{.+}}, %[[NONE]], %{{.+}} : f32
// CHECK-NOT: arith.cmpi
tile.kernel @lower() blocks 1 threads 32 {
  %s = tile.alloc : !tile.shared<16x16xf32>
  %diagonal = tile.block_id
  %x = arith.constant dense<1.0> : tensor<16x16xf32, #mma>
  %0 = tile.keep lower %x, %diagonal else 0xFF800000 : tensor<16x16xf32, #mma>
  tile.write %0, %s : (tensor<16x16xf32, #mma>, !tile.shared<16x16xf32>)
}

#rows = #tile.rows<threads = 32, lanes = 4, elements = 2>
// The comparison is the other way round.
// CHECK-LABEL: llvm.func ptx_kernelcc @upper(
// CHECK: %[[REST:.+]] = arith.subi %{{.+}}, %{{.+}} : i32
// CHECK: %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[C0:.+]] = arith.constant 0 : i32
// CHECK: %[[BELOW:.+]] = arith.cmpi sgt, %[[REST]], %[[C0]]
// CHECK-NEXT: arith.select %[[BELOW]], %[[ZERO]], %{{.+}} : f32
// CHECK: %[[C1:.+]] = arith.constant 1 : i32
// CHECK: %[[BELOW:.+]] = arith.cmpi sgt, %[[REST]], %[[C1]]
// CHECK-NEXT: arith.select %[[BELOW]], %[[ZERO]], %{{.+}} : f32
// CHECK-NOT: arith.select
tile.kernel @upper(%out: !tile.view<8x8xf32>) blocks 1 threads 32 {
  %diagonal = tile.block_id
  %row = tile.range : tensor<8xi32, #tile.slice<dim = 1, of = #rows>>
  %x = arith.constant dense<1.0> : tensor<8x8xf32, #rows>
  %0 = tile.keep upper %x, %diagonal else 0.0 : tensor<8x8xf32, #rows>
  tile.store %0, %out[%row] : (tensor<8x8xf32, #rows>, !tile.view<8x8xf32>, tensor<8xi32, #tile.slice<dim = 1, of = #rows>>)
}
