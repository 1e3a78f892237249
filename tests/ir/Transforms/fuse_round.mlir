// SPDX-License-Identifier: Apache-2.0
// Parts that are added up are rounded as they are stored; rounding of anything else is a kernel of its own.
// RUN: lighthouse-opt %s -lighthouse-fuse-stages | FileCheck %s

// CHECK-LABEL: func.func @f
// CHECK: lighthouse.kernel "sum_parts_round"
// CHECK: lighthouse.kernel "round"
func.func @f(%split: tensor<1x2x200x16xf32>, %rows: tensor<1x2x100x16xf32>) -> (tensor<1x2x100x16xbf16>, tensor<1x2x100x16xbf16>) {
  %0 = lighthouse.sum_parts %split {parts = 2} : tensor<1x2x200x16xf32>
  %1 = lighthouse.round %0 {element_type = bf16} : tensor<1x2x100x16xf32>
  %2 = lighthouse.round %rows {element_type = bf16} : tensor<1x2x100x16xf32>
  return %1, %2 : tensor<1x2x100x16xbf16>, tensor<1x2x100x16xbf16>
}
