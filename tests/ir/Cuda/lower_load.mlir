// SPDX-License-Identifier: Apache-2.0
// A load takes 16 bytes at once; where it is masked, or has columns beyond the view's, a predicate keeps it from reading.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
// CHECK-LABEL: llvm.func ptx_kernelcc @rows(
// CHECK: llvm.load %{{.+}} invariant {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xi32>
// CHECK-NOT: llvm.load
// CHECK: llvm.return
tile.kernel @rows(%x: !tile.view<100x32xbf16>) blocks 1 threads 32 {
  %at = tile.range : tensor<8xi32, #row>
  %0 = tile.load %x[%at] : (!tile.view<100x32xbf16>, tensor<8xi32, #row>) -> tensor<8x32xbf16, #rows>
}

// Eight float32 values a lane.
// CHECK-LABEL: llvm.func ptx_kernelcc @masked(
// CHECK-COUNT-2: llvm.inline_asm "mov.b32 $0, 0; mov.b32 $1, 0; mov.b32 $2, 0; mov.b32 $3, 0; @$5 ld.global.nc.v4.b32 {$0, $1, $2, $3}, [$4];", "=&r,=&r,=&r,=&r,l,b"
// CHECK-NOT: ld.global
// CHECK: llvm.return
tile.kernel @masked(%x: !tile.view<100x24xf32>) blocks 1 threads 32 {
  %at = tile.range : tensor<8xi32, #row>
  %inside = arith.constant dense<true> : tensor<8xi1, #row>
  %0 = tile.load %x[%at] mask %inside : (!tile.view<100x24xf32>, tensor<8xi32, #row>, tensor<8xi1, #row>) -> tensor<8x32xf32, #rows>
}

// CHECK-LABEL: llvm.func ptx_kernelcc @elements(
// CHECK-COUNT-2: llvm.load %{{.+}} invariant {alignment = 4 : i64} : !llvm.ptr<1> -> i32
// CHECK-NOT: llvm.load
// CHECK: llvm.return
tile.kernel @elements(%x: !tile.view<100xi32>) blocks 1 threads 32 {
  %at = tile.range : tensor<64xi32, #tile.linear<threads = 32>>
  %0 = tile.load %x[%at] : (!tile.view<100xi32>, tensor<64xi32, #tile.linear<threads = 32>>) -> tensor<64xi32, #tile.linear<threads = 32>>
}
