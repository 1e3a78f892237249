// SPDX-License-Identifier: Apache-2.0
// Scores that may be negative have keys of their own: minus the bits of one below 0, 2^31 more than those of others; NaN the largest.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 1000, padded_len = 1024, num_levels = 2, pooling_factor = 2>
func.func @f(%s: tensor<1x4x512xf32, #pyramid>) {
  %0 = lighthouse.kernel "select" reads(%a = %s) : (tensor<1x4x512xf32, #pyramid>) -> (tensor<1x4x1024xi32, #pyramid>) {
    %sel = lighthouse.select signed %a, %a {topk = 256} : tensor<1x4x512xf32, #pyramid>, tensor<1x4x512xf32, #pyramid>
    lighthouse.yield %sel : tensor<1x4x1024xi32, #pyramid>
  }
  return
}

// CHECK: tile.kernel @f_select(
// CHECK: tile.load
// CHECK: arith.bitcast
// CHECK: arith.cmpi slt
// CHECK: arith.subi
// CHECK: arith.addi
// CHECK: arith.select
// CHECK: arith.andi
// CHECK: arith.select
// CHECK-NOT: arith.minui
// CHECK: arith.extui
// CHECK: scf.while
