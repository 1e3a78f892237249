// SPDX-License-Identifier: Apache-2.0
// Rows that are there, and no others.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

func.func @f(%rows: tensor<1x2x100x64xf32>) -> (tensor<1x2x100x64xbf16> {lighthouse.name = "dq", lighthouse.strided, lighthouse.varlen}) {
  %0 = lighthouse.kernel "round" reads(%a = %rows) : (tensor<1x2x100x64xf32>) -> tensor<1x2x100x64xbf16> {
    %rounded = lighthouse.round %a {element_type = bf16} : tensor<1x2x100x64xf32>
    lighthouse.yield %rounded : tensor<1x2x100x64xbf16>
  }
  return %0 : tensor<1x2x100x64xbf16>
}

// CHECK: tile.kernel @f_round(%[[ROWS:[^:]+]]: !tile.view<1x2x100x64xf32>, %[[OUT:[^:]+]]: !tile.view<1x2x100x64xbf16, strided, varlen>)
// CHECK: %[[COUNT:.+]] = tile.rows %[[OUT]]
// CHECK: %[[LIMIT:.+]] = tile.splat %[[COUNT]]
// CHECK: %[[INSIDE:.+]] = arith.cmpi slt, %{{.+}}, %[[LIMIT]]
// CHECK: %[[X:.+]] = tile.load %[[ROWS]][{{.+}}] mask %[[INSIDE]]
// CHECK: %[[Y:.+]] = arith.truncf %[[X]]
// CHECK: tile.store %[[Y]], %[[OUT]][{{.+}}] mask %[[INSIDE]]
