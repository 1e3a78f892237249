// SPDX-License-Identifier: Apache-2.0
// A copy of rows as they lie, of q first, and zeros behind the last token.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host | FileCheck %s

func.func @f(%q: tensor<2x2x250x40xbf16> {lighthouse.strided}, %k: tensor<2x1x250x40xbf16>) {
  %0:3 = lighthouse.kernel "dilate" reads(%a = %q, %b = %k)
      : (tensor<2x2x250x40xbf16>, tensor<2x1x250x40xbf16>) -> (tensor<8x2x63x40xbf16>, tensor<8x1x63x40xbf16>, tensor<8x1x63x40xbf16>) {
    %x, %y, %z = lighthouse.dilate %a, %b, %b {dilation = 4} : tensor<2x2x250x40xbf16>, tensor<2x1x250x40xbf16>, tensor<2x1x250x40xbf16>
    lighthouse.yield %x, %y, %z : tensor<8x2x63x40xbf16>, tensor<8x1x63x40xbf16>, tensor<8x1x63x40xbf16>
  }
  return
}

// CHECK-LABEL: func.func @f_dilate(
// CHECK-SAME: %[[Q:[^:]+]]: memref<2x2x250x40xbf16, strided<[?, ?, ?, 1]>>, %[[K:[^:]+]]: memref<2x1x250x40xbf16>,
// CHECK-SAME: %[[QD:[^:]+]]: memref<8x2x63x40xbf16>, %[[KD:[^:]+]]: memref<8x1x63x40xbf16>, %[[VD:[^:]+]]: memref<8x1x63x40xbf16>
// CHECK-SAME: lighthouse.items = 32 : i64
// CHECK: scf.if
// CHECK: scf.for %[[ROW:.+]] =
// CHECK: %[[TIMES:.+]] = arith.muli %[[ROW]], %c4
// CHECK: %[[TOKEN:.+]] = arith.addi %[[TIMES]], %{{.+}}
// CHECK: scf.if
// CHECK: %[[PART:.+]] = vector.load %[[Q]][%{{.+}}, %{{.+}}, %[[TOKEN]], %{{.+}}] {{.*}} vector<32xbf16>
// CHECK: vector.store %[[PART]], %[[QD]][%{{.+}}, %{{.+}}, %[[ROW]],
// CHECK: } else {
// CHECK: vector.store %{{.+}}, %[[QD]]
// CHECK: vector.load %[[K]]
// CHECK: vector.store %{{.+}}, %[[KD]]
// CHECK: vector.load %[[K]]
// CHECK: vector.store %{{.+}}, %[[VD]]
