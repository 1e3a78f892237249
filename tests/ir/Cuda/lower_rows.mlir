// SPDX-License-Identifier: Apache-2.0
// The rows of a varlen view come behind its strides.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s

// CHECK: llvm.func ptx_kernelcc @f(%{{.+}}: !llvm.ptr<1>, %{{.+}}: i64, %{{.+}}: i64, %{{.+}}: i64, %[[ROWS:.+]]: i64, %[[Y:.+]]: !llvm.ptr<1>)
// CHECK: %[[COUNT:.+]] = llvm.trunc %[[ROWS]] : i64 to i32
// CHECK: llvm.inline_asm has_side_effects "@$2 st.global.b32 [$1], $0;", "r,l,b,~{memory}" %[[COUNT]]
tile.kernel @f(%x: !tile.view<1x2x100x16xf32, strided, varlen>, %y: !tile.view<1xi32>) blocks 1 threads 32 {
  %zero = arith.constant 0 : i32
  %rows = tile.rows %x : !tile.view<1x2x100x16xf32, strided, varlen>
  tile.store %rows, %y[%zero] : (i32, !tile.view<1xi32>, i32)
}
