// SPDX-License-Identifier: Apache-2.0
// A reduction folds a thread's elements of a row, then the lanes that share the row, which are neighbours.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s

#rows = #tile.rows<threads = 32, lanes = 4, elements = 2>
#mma = #tile.mma<warps = 1>
// CHECK-LABEL: llvm.func ptx_kernelcc @rows(
// CHECK: arith.maxnumf
// CHECK: "llvm.nvvm.shfl.sync.bfly.f32"(%{{.+}}, %{{.+}}, %[[ONE:[^,]+]], %{{.+}})
// CHECK: arith.maxnumf
// CHECK: "llvm.nvvm.shfl.sync.bfly.f32"(%{{.+}}, %{{.+}}, %[[TWO:[^,]+]], %{{.+}})
// CHECK: arith.maxnumf
// CHECK-NOT: shfl
// CHECK: llvm.return
tile.kernel @rows() blocks 1 threads 32 {
  %x = arith.constant dense<1.0> : tensor<8x8xf32, #rows>
  %0 = tile.reduce max %x : tensor<8x8xf32, #rows> to tensor<8xf32, #tile.slice<dim = 1, of = #rows>>
}

// These two give NaN where an element is.
// CHECK-LABEL: llvm.func ptx_kernelcc @with_nan(
// CHECK-COUNT-3: arith.maximumf
// CHECK-COUNT-3: arith.minimumf
// CHECK: llvm.return
tile.kernel @with_nan() blocks 1 threads 32 {
  %x = arith.constant dense<1.0> : tensor<8x8xf32, #rows>
  %0 = tile.reduce maximum %x : tensor<8x8xf32, #rows> to tensor<8xf32, #tile.slice<dim = 1, of = #rows>>
  %1 = tile.reduce minimum %x : tensor<8x8xf32, #rows> to tensor<8xf32, #tile.slice<dim = 1, of = #rows>>
}

// Two words a value, two steps for four lanes, two rows a thread.
// CHECK-LABEL: llvm.func ptx_kernelcc @float64(
// CHECK-COUNT-8: "llvm.nvvm.shfl.sync.bfly.i32"
// CHECK-NOT: shfl
// CHECK: llvm.return
tile.kernel @float64() blocks 1 threads 32 {
  %x = arith.constant dense<1.0> : tensor<16x8xf64, #mma>
  %0 = tile.reduce add %x : tensor<16x8xf64, #mma> to tensor<16xf64, #tile.slice<dim = 1, of = #mma>>
}

// To eight columns a thread folds its own elements: of each of its two rows the even columns and the odd ones.
// CHECK-LABEL: llvm.func ptx_kernelcc @eight(
// CHECK-COUNT-4: arith.addf
// CHECK-NOT: arith.addf
// CHECK-NOT: shfl
// CHECK: llvm.return
tile.kernel @eight(%x: !tile.view<16x16xf32>) blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %rows = tile.range : tensor<16xi32, #tile.slice<dim = 1, of = #mma>>
  %0 = tile.load %x[%rows] : (!tile.view<16x16xf32>, tensor<16xi32, #tile.slice<dim = 1, of = #mma>>) -> tensor<16x16xf32, #mma>
  %1 = tile.reduce add %0 : tensor<16x16xf32, #mma> to tensor<16x8xf32, #mma>
}
