// SPDX-License-Identifier: Apache-2.0
// A store of fragments writes the two neighbours that a thread has of a row; what several threads hold is stored by one.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
// A word holds two elements: 0x3f803f80.
// CHECK-LABEL: llvm.func ptx_kernelcc @fragments(
// CHECK: %[[ONES:.+]] = arith.constant 1065369472 : i32
// CHECK-COUNT-2: llvm.store %[[ONES]], %{{.+}} {alignment = 4 : i64} : i32, !llvm.ptr<1>
// CHECK-NOT: llvm.store
// CHECK: llvm.return
tile.kernel @fragments(%x: !tile.view<100x8xbf16>) blocks 1 threads 32 {
  %at = tile.range : tensor<16xi32, #row>
  %0 = arith.constant dense<1.0> : tensor<16x8xbf16, #mma>
  tile.store %0, %x[%at] : (tensor<16x8xbf16, #mma>, !tile.view<100x8xbf16>, tensor<16xi32, #row>)
}

// Of the four lanes of a row the first.
// CHECK-LABEL: llvm.func ptx_kernelcc @once(
// CHECK: %[[FOUR:.+]] = arith.andi %{{.+}}, %{{.+}} : i32
// CHECK: %[[FIRST:.+]] = arith.cmpi slt
// CHECK: llvm.inline_asm has_side_effects "@$2 st.global.b32 [$1], $0;", "r,l,b,~{memory}" %{{.+}}, %{{.+}}, %[[FIRST]]
tile.kernel @once(%x: !tile.view<100xf32>) blocks 1 threads 32 {
  %at = tile.range : tensor<16xi32, #row>
  %0 = arith.constant dense<1.0> : tensor<16xf32, #row>
  tile.store %0, %x[%at] : (tensor<16xf32, #row>, !tile.view<100xf32>, tensor<16xi32, #row>)
}
