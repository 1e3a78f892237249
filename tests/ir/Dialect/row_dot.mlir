// SPDX-License-Identifier: Apache-2.0
// One float32 value a row.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-LABEL: func.func @row_dot
// CHECK: %delta = lighthouse.row_dot %{{.+}}, %{{.+}} : tensor<1x4x100x16xbf16>, tensor<1x4x100x16xbf16>
// CHECK: return %delta : tensor<1x4x100xf32>
func.func @row_dot(%a: tensor<1x4x100x16xbf16>) -> tensor<1x4x100xf32> {
  %0 = lighthouse.row_dot %a, %a : tensor<1x4x100x16xbf16>, tensor<1x4x100x16xbf16>
  return %0 : tensor<1x4x100xf32>
}
