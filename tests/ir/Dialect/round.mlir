// SPDX-License-Identifier: Apache-2.0
// The same rows in another element type.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-LABEL: func.func @round
// CHECK: %rounded = lighthouse.round %{{.+}} {element_type = bf16} : tensor<1x4x100x16xf32>
// CHECK: return %rounded : tensor<1x4x100x16xbf16>
func.func @round(%rows: tensor<1x4x100x16xf32>) -> tensor<1x4x100x16xbf16> {
  %0 = lighthouse.round %rows {element_type = bf16} : tensor<1x4x100x16xf32>
  return %0 : tensor<1x4x100x16xbf16>
}
