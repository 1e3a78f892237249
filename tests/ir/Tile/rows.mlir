// SPDX-License-Identifier: Apache-2.0
// The number of rows that a launch gives a varlen view.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-LABEL: tile.kernel @rows(
// CHECK-SAME: %[[X:.+]]: !tile.view<1x2x100x16xf32, strided, varlen>)
// CHECK: tile.rows %[[X]] : <1x2x100x16xf32, strided, varlen>
tile.kernel @rows(%x: !tile.view<1x2x100x16xf32, strided, varlen>) blocks 1 threads 32 {
  %rows = tile.rows %x : !tile.view<1x2x100x16xf32, strided, varlen>
}
