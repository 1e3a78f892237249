// SPDX-License-Identifier: Apache-2.0
// Products of shared and register tiles, of 16-bit elements and of float32.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#mma = #tile.mma<warps = 1>
// CHECK-LABEL: tile.kernel @dot
// CHECK: tile.dot %{{.+}}, %{{.+}}, %{{.+}} transposed : !tile.shared<16x32xbf16>, !tile.shared<16x32xbf16>, tensor<16x16xf32, #mma>
// CHECK: tile.dot %{{.+}}, %{{.+}}, %{{.+}} : tensor<16x16xbf16, #mma>, !tile.shared<16x32xbf16>, tensor<16x32xf32, #mma>
// CHECK: tile.dot %{{.+}}, %{{.+}}, %{{.+}} : !tile.shared<16x16xf32>, !tile.shared<16x16xf32>, tensor<16x16xf32, #mma>
tile.kernel @dot() blocks 1 threads 32 {
  %q = tile.alloc : !tile.shared<16x32xbf16>
  %k = tile.alloc : !tile.shared<16x32xbf16>
  %f = tile.alloc : !tile.shared<16x16xf32>
  %zero = arith.constant dense<0.0> : tensor<16x16xf32, #mma>
  %wide = arith.constant dense<0.0> : tensor<16x32xf32, #mma>
  %s = tile.dot %q, %k, %zero transposed : !tile.shared<16x32xbf16>, !tile.shared<16x32xbf16>, tensor<16x16xf32, #mma>
  %p = arith.truncf %s : tensor<16x16xf32, #mma> to tensor<16x16xbf16, #mma>
  %o = tile.dot %p, %k, %wide : tensor<16x16xbf16, #mma>, !tile.shared<16x32xbf16>, tensor<16x32xf32, #mma>
  %x = tile.dot %f, %f, %s : !tile.shared<16x16xf32>, !tile.shared<16x16xf32>, tensor<16x16xf32, #mma>
}

// The left side as it lies, or across.
// CHECK-LABEL: tile.kernel @across
// CHECK: tile.dot %{{.+}} a_transposed, %{{.+}}, %{{.+}} : !tile.shared<16x32xbf16>, !tile.shared<16x16xbf16>, tensor<32x16xf32, #mma>
tile.kernel @across() blocks 1 threads 32 {
  %k = tile.alloc : !tile.shared<16x32xbf16>
  %v = tile.alloc : !tile.shared<16x16xbf16>
  %zero = arith.constant dense<0.0> : tensor<32x16xf32, #mma>
  %s = tile.dot %k a_transposed, %v, %zero : !tile.shared<16x32xbf16>, !tile.shared<16x16xbf16>, tensor<32x16xf32, #mma>
}
