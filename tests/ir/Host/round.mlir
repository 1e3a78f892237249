// SPDX-License-Identifier: Apache-2.0
// Row by row; of a result with rows that the call gives the number of, so many.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host="lanes=8 registers=16" | FileCheck %s

func.func @f(%rows: tensor<1x2x1000x16xf32>) -> (tensor<1x2x1000x16xbf16> {lighthouse.name = "dq", lighthouse.strided, lighthouse.varlen}) {
  %0 = lighthouse.kernel "round" reads(%a = %rows) : (tensor<1x2x1000x16xf32>) -> tensor<1x2x1000x16xbf16> {
    %rounded = lighthouse.round %a {element_type = bf16} : tensor<1x2x1000x16xf32>
    lighthouse.yield %rounded : tensor<1x2x1000x16xbf16>
  }
  return %0 : tensor<1x2x1000x16xbf16>
}

// CHECK-LABEL: func.func @f_round(
// CHECK-SAME: %[[ROWS:[^:]+]]: memref<1x2x1000x16xf32>, %[[OUT:[^:]+]]: memref<1x2x?x16xbf16, strided<[?, ?, ?, 1]>>
// 4 blocks of 256 rows for each of 2 heads: those of the most rows.
// CHECK-SAME: lighthouse.items = 8 : i64
// CHECK: %[[COUNT:.+]] = memref.dim %[[OUT]]
// CHECK: %[[END:.+]] = arith.minui %{{.+}}, %[[COUNT]]
// CHECK: scf.for %{{.+}} = %{{.+}} to %[[END]]
// CHECK: vector.load %[[ROWS]]
// CHECK: vector.store %{{.+}}, %[[OUT]]
