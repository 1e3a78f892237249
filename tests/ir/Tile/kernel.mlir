// SPDX-License-Identifier: Apache-2.0
// A kernel's arguments are views; one block to a multiprocessor is the default and is not printed.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-LABEL: tile.kernel @plain(%{{.+}}: !tile.view<1x8x64x32xf32>, %{{.+}}: !tile.view<8x64xf32, strided>) blocks 16 threads 128 {
// CHECK-NEXT: %{{.+}} = tile.block_id
// CHECK-NEXT: }
tile.kernel @plain(%x: !tile.view<1x8x64x32xf32>, %y: !tile.view<8x64xf32, strided>) blocks 16 threads 128 {
  %block = tile.block_id
}

// CHECK-LABEL: tile.kernel @full() blocks 2147483647 threads 1024 min_blocks 2 attributes {note = 1 : i64} {
// CHECK-NEXT: }
tile.kernel @full() blocks 2147483647 threads 1024 min_blocks 2 attributes {note = 1 : i64} {
}

// CHECK-LABEL: tile.kernel @one() blocks 1 threads 32 {
tile.kernel @one() blocks 1 threads 32 min_blocks 1 {
}

// CHECK-LABEL: tile.kernel @early() blocks 1 threads 32 programmatic {
tile.kernel @early() blocks 1 threads 32 programmatic {
}
