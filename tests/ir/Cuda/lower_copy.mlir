// SPDX-License-Identifier: Apache-2.0
// A copy is cp.async of 16 bytes, or of 4 for single elements; a predicate makes it write zeros and read nothing.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s

// Rows of 64 bytes are five chunks apart: 80 bytes. 64 chunks, two a thread.
// CHECK-LABEL: llvm.func ptx_kernelcc @rows(
// CHECK-SAME: lighthouse.shared_bytes = 1280 : i64
// CHECK: %[[COUNT:.+]] = arith.select
// CHECK: llvm.inline_asm has_side_effects "cp.async.cg.shared.global [$0], [$1], 16, $2;", "r,l,r,~{memory}" %{{.+}}, %{{.+}}, %{{.+}} : (i32, !llvm.ptr<1>, i32) -> ()
// CHECK: llvm.inline_asm has_side_effects "cp.async.cg.shared.global [$0], [$1], 16, $2;"
// CHECK-NOT: cp.async.cg
// CHECK: "cp.async.commit_group;"
// CHECK: "cp.async.wait_group 1;"
tile.kernel @rows(%x: !tile.view<100x24xbf16>) blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %s = tile.alloc : !tile.shared<16x32xbf16>
  tile.copy %x[%c] limit %c, %s : !tile.view<100x24xbf16>, !tile.shared<16x32xbf16>
  tile.commit
  tile.wait {pending = 1}
}

// The second time only eight of 32 threads have an element.
// CHECK-LABEL: llvm.func ptx_kernelcc @elements(
// CHECK: llvm.inline_asm has_side_effects "cp.async.ca.shared.global [$0], [$1], 4, $2;"
// CHECK: scf.if
// CHECK: llvm.inline_asm has_side_effects "cp.async.ca.shared.global [$0], [$1], 4, $2;"
tile.kernel @elements(%x: !tile.view<100xf32>) blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %s = tile.alloc : !tile.shared<40xf32>
  tile.copy %x[%c] limit %c, %s : !tile.view<100xf32>, !tile.shared<40xf32>
}

// Every third row, and 16 of 24 columns from one on: what lies beyond is judged by its own row and column.
// CHECK-LABEL: llvm.func ptx_kernelcc @some(
// CHECK: %[[THREE:.+]] = arith.constant 3 : i32
// CHECK: arith.muli %{{.+}}, %[[THREE]]
// CHECK: %[[COLUMNS:.+]] = arith.constant 24 : i32
// CHECK: arith.cmpi slt, %{{.+}}, %[[COLUMNS]]
// CHECK: cp.async.cg.shared.global
tile.kernel @some(%x: !tile.view<100x24xbf16>) blocks 1 threads 32 {
  %c = arith.constant 8 : i32
  %s = tile.alloc : !tile.shared<16x16xbf16>
  tile.copy %x[%c, %c] limit %c, %s {step = 3 : i64} : !tile.view<100x24xbf16>, !tile.shared<16x16xbf16>
}

// Rows of three chunks: 30 of 32 threads copy, ten rows at once, each thread's chunks in one column. The second address is the first and ten rows' strides.
// CHECK-LABEL: llvm.func ptx_kernelcc @strided(
// CHECK-SAME: %{{.+}}: !llvm.ptr<1>, %[[STRIDE:[^:]+]]: i64
// CHECK: %[[FIRST:.+]] = llvm.getelementptr
// CHECK: %[[TEN_ROWS:.+]] = arith.constant 20 : i64
// CHECK: %[[STEP:.+]] = arith.muli %[[STRIDE]], %[[TEN_ROWS]]
// CHECK: %[[ACTIVE:.+]] = arith.constant 30 : i32
// CHECK: %[[COPIES:.+]] = arith.cmpi slt, %{{.+}}, %[[ACTIVE]]
// CHECK: scf.if %[[COPIES]]
// CHECK: %[[SECOND:.+]] = llvm.getelementptr %[[FIRST]][%[[STEP]]]
// CHECK: cp.async.cg.shared.global {{.*}} %{{.+}}, %[[FIRST]], %{{.+}} :
// CHECK: cp.async.cg.shared.global {{.*}} %{{.+}}, %[[SECOND]], %{{.+}} :
// CHECK-NOT: cp.async.cg
tile.kernel @strided(%x: !tile.view<100x24xbf16, strided>) blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %s = tile.alloc : !tile.shared<20x24xbf16>
  tile.copy %x[%c] limit %c, %s : !tile.view<100x24xbf16, strided>, !tile.shared<20x24xbf16>
}
