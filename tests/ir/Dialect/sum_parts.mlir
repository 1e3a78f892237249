// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-LABEL: func.func @three
// CHECK: %dqs = lighthouse.sum_parts %{{.+}} {parts = 3} : tensor<1x2x300x16xf32>
// CHECK: return %dqs : tensor<1x2x100x16xf32>
func.func @three(%split: tensor<1x2x300x16xf32>) -> tensor<1x2x100x16xf32> {
  %sum = lighthouse.sum_parts %split {parts = 3} : tensor<1x2x300x16xf32>
  return %sum : tensor<1x2x100x16xf32>
}
