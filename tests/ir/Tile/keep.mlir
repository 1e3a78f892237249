// SPDX-License-Identifier: Apache-2.0
// A triangle is kept of tiles of two dimensions.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#mma = #tile.mma<warps = 1>
#rows = #tile.rows<threads = 32, lanes = 4, elements = 4>
// CHECK-LABEL: tile.kernel @keep
// CHECK: tile.keep lower %{{.+}}, %[[DIAGONAL:.+]] else 0xFF800000 : tensor<16x8xf32, #mma>
// CHECK: tile.keep upper %{{.+}}, %[[DIAGONAL]] else 0.000000e+00 : tensor<8x16xf32, #rows>
tile.kernel @keep() blocks 1 threads 32 {
  %diagonal = tile.block_id
  %x = arith.constant dense<1.0> : tensor<16x8xf32, #mma>
  %y = arith.constant dense<1.0> : tensor<8x16xf32, #rows>
  %0 = tile.keep lower %x, %diagonal else 0xFF800000 : tensor<16x8xf32, #mma>
  %1 = tile.keep upper %y, %diagonal else 0.0 : tensor<8x16xf32, #rows>
}
