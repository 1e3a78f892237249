// SPDX-License-Identifier: Apache-2.0
// A lone inverse is filled with -1, then written slot by slot.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host=lanes=8 | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @f(%sel: tensor<2x3x384xi32, #pyramid>) {
  %0 = lighthouse.kernel "invert" reads(%a = %sel) : (tensor<2x3x384xi32, #pyramid>) -> tensor<2x3x384xi32, #pyramid> {
    %slots = lighthouse.invert %a : tensor<2x3x384xi32, #pyramid>
    lighthouse.yield %slots : tensor<2x3x384xi32, #pyramid>
  }
  return
}

// CHECK-LABEL: func.func @f_invert(
// CHECK-SAME: %[[INDICES:[^:]+]]: memref<2x3x384xi32>, %[[SLOTS:[^:]+]]: memref<2x3x384xi32>
// CHECK-SAME: lighthouse.items = 6 : i64
// CHECK: %[[NONE:.+]] = arith.constant -1 : i32
// CHECK: %[[NONES:.+]] = vector.broadcast %[[NONE]] : i32 to vector<8xi32>
// CHECK: scf.for
// CHECK: vector.store %[[NONES]], %[[SLOTS]]
// CHECK: scf.for %[[S:.+]] =
// CHECK: %[[SLOT:.+]] = arith.index_cast %[[S]] : index to i32
// CHECK: %[[ENTRY:.+]] = memref.load %[[INDICES]][{{.*}}, %[[S]]]
// CHECK: %[[AT:.+]] = arith.index_cast %[[ENTRY]] : i32 to index
// CHECK: memref.store %[[SLOT]], %[[SLOTS]][{{.*}}, %[[AT]]]
