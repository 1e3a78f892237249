// SPDX-License-Identifier: Apache-2.0
// 64 columns of 16 bits or 32 of float32.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-LABEL: tile.kernel @panel
// CHECK: tile.panel %{{.+}}[%{{.+}}] : <64x128xbf16, panels> to <64x64xbf16, panels>
// CHECK: tile.panel %{{.+}}[%{{.+}}] : <16x64xf32, panels> to <16x32xf32, panels>
tile.kernel @panel() blocks 1 threads 128 {
  %one = arith.constant 1 : i32
  %x = tile.alloc : !tile.shared<64x128xbf16, panels>
  %y = tile.alloc : !tile.shared<16x64xf32, panels>
  %0 = tile.panel %x[%one] : !tile.shared<64x128xbf16, panels> to !tile.shared<64x64xbf16, panels>
  %1 = tile.panel %y[%one] : !tile.shared<16x64xf32, panels> to !tile.shared<16x32xf32, panels>
}
