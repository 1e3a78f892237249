// SPDX-License-Identifier: Apache-2.0
// Shared tiles are allocated, aliased, written, read, and copied to from views. Where only one kind of type can stand its name is left out.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
// CHECK-LABEL: tile.kernel @shared
// CHECK: %[[S:.+]] = tile.alloc : <16x16xbf16>
// CHECK: %[[A:.+]] = tile.alias %[[S]] : <16x16xbf16> to <32xf32>
// CHECK: tile.copy %{{.+}}[%{{.+}}, %{{.+}}] limit %{{.+}}, %[[S]] : <2x100x8xbf16>, <16x16xbf16>
// CHECK: tile.copy %{{.+}}[%{{.+}}, %{{.+}}] limit %{{.+}}, %[[A]] : <2x100xf32, strided>, <32xf32>
// CHECK-NEXT: tile.commit
// CHECK-NEXT: tile.wait {pending = 1}
// CHECK-NEXT: tile.barrier
// CHECK: %[[X:.+]] = tile.read %[[S]] : (!tile.shared<16x16xbf16>) -> tensor<16x16xbf16, #mma>
// CHECK: tile.read %[[S]] transposed : (!tile.shared<16x16xbf16>) -> tensor<16x16xbf16, #mma>
// CHECK: %[[Y:.+]] = tile.read %[[A]][%{{.+}}] : (!tile.shared<32xf32>, tensor<64xi32, #linear>) -> tensor<64xf32, #linear>
// CHECK: tile.read %[[A]] from %{{.+}} : (!tile.shared<32xf32>, i32) -> tensor<16xf32, #a_row>
// CHECK: tile.write %[[X]], %[[S]] : (tensor<16x16xbf16, #mma>, !tile.shared<16x16xbf16>)
// CHECK: tile.write %[[Y]], %[[A]][%{{.+}}] mask %{{.+}} : (tensor<64xf32, #linear>, !tile.shared<32xf32>, tensor<64xi32, #linear>, tensor<64xi1, #linear>)
tile.kernel @shared(%x: !tile.view<2x100x8xbf16>, %y: !tile.view<2x100xf32, strided>) blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %s = tile.alloc : !tile.shared<16x16xbf16>
  %a = tile.alias %s : !tile.shared<16x16xbf16> to !tile.shared<32xf32>
  tile.copy %x[%c, %c] limit %c, %s : !tile.view<2x100x8xbf16>, !tile.shared<16x16xbf16>
  tile.copy %y[%c, %c] limit %c, %a : !tile.view<2x100xf32, strided>, !tile.shared<32xf32>
  tile.commit
  tile.wait {pending = 1}
  tile.barrier
  %0 = tile.read %s : (!tile.shared<16x16xbf16>) -> tensor<16x16xbf16, #mma>
  %1 = tile.read %s transposed : (!tile.shared<16x16xbf16>) -> tensor<16x16xbf16, #mma>
  %at = arith.constant dense<3> : tensor<64xi32, #linear>
  %true = arith.constant dense<true> : tensor<64xi1, #linear>
  %2 = tile.read %a[%at] : (!tile.shared<32xf32>, tensor<64xi32, #linear>) -> tensor<64xf32, #linear>
  %from = tile.read %a from %c : (!tile.shared<32xf32>, i32) -> tensor<16xf32, #row>
  tile.write %0, %s : (tensor<16x16xbf16, #mma>, !tile.shared<16x16xbf16>)
  tile.write %2, %a[%at] mask %true : (tensor<64xf32, #linear>, !tile.shared<32xf32>, tensor<64xi32, #linear>, tensor<64xi1, #linear>)
}

// A column more than the rows' coordinates: from that one on; rows some apart; to panels too.
// CHECK-LABEL: tile.kernel @parts
// CHECK: tile.copy %{{.+}}[%{{.+}}, %{{.+}}, %{{.+}}] limit %{{.+}}, %{{.+}} {step = 4 : i64} : <2x100x128xbf16>, <16x64xbf16, panels>
tile.kernel @parts(%x: !tile.view<2x100x128xbf16>) blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %s = tile.alloc : !tile.shared<16x64xbf16, panels>
  tile.copy %x[%c, %c, %c] limit %c, %s {step = 4 : i64} : !tile.view<2x100x128xbf16>, !tile.shared<16x64xbf16, panels>
}
