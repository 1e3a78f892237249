// SPDX-License-Identifier: Apache-2.0
// Scores that may be negative have keys of their own: minus the bits of one below 0, 2^31 more than those of others; NaN the largest.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 1000, padded_len = 1024, num_levels = 2, pooling_factor = 2>
func.func @f(%s: tensor<1x4x512xf32, #pyramid>) {
  %0 = lighthouse.kernel "select" reads(%a = %s) : (tensor<1x4x512xf32, #pyramid>) -> (tensor<1x4x1024xi32, #pyramid>) {
    %sel = lighthouse.select signed %a, %a {topk = 256} : tensor<1x4x512xf32, #pyramid>, tensor<1x4x512xf32, #pyramid>
    lighthouse.yield %sel : tensor<1x4x1024xi32, #pyramid>
  }
  return
}

// CHECK-LABEL: func.func private @lighthouse_keep_64_signed(
// CHECK: arith.bitcast %[[SCORE:.+]] : f32 to i32
// CHECK: arith.subi
// CHECK: arith.constant -2147483648 : i32
// CHECK: arith.addi
// CHECK: arith.select
// CHECK: arith.cmpf uno, %[[SCORE]], %[[SCORE]]
// CHECK: arith.constant -1 : i32
// CHECK: arith.select
// CHECK-NOT: @lighthouse_keep_64(
// CHECK-LABEL: func.func @f_select(
// CHECK-COUNT-2: call @lighthouse_keep_64_signed(
