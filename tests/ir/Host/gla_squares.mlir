// SPDX-License-Identifier: Apache-2.0
// A work item has a residue class of a head; blocks of 64 tokens; q k^T serves both ways.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host="lanes=8 registers=16" | FileCheck %s

func.func @f(%q: tensor<1x4x1000x16xf32>, %kv: tensor<1x2x1000x16xf32>, %g: tensor<1x4x1000xf32>) {
  %0:2 = lighthouse.kernel "gla_squares" reads(%a = %q, %b = %kv, %c = %kv, %d = %g) : (tensor<1x4x1000x16xf32>, tensor<1x2x1000x16xf32>, tensor<1x2x1000x16xf32>, tensor<1x4x1000xf32>) -> (tensor<1x4x1x1000xf32>, tensor<1x4x1x1000xf32>) {
    %oq, %ok = lighthouse.gla_squares %a, %b, %c, %d {dilation = 3, scale = 5.000000e-01} : tensor<1x4x1000x16xf32>, tensor<1x2x1000x16xf32>, tensor<1x2x1000x16xf32>, tensor<1x4x1000xf32>
    lighthouse.yield %oq, %ok : tensor<1x4x1x1000xf32>, tensor<1x4x1x1000xf32>
  }
  return
}

// CHECK-LABEL: func.func @f_gla_squares(
// CHECK-SAME: %[[Q:[^:]+]]: memref<1x4x1000x16xf32>, %[[K:[^:]+]]: memref<1x2x1000x16xf32>, %[[V:[^:]+]]: memref<1x2x1000x16xf32>, %[[G:[^:]+]]: memref<1x4x1000xf32>, %[[OQ:[^:]+]]: memref<1x4x1x1000xf32>, %[[OK:[^:]+]]: memref<1x4x1x1000xf32>
// Three classes of 4 heads.
// CHECK-SAME: lighthouse.items = 12 : i64
// The gates in powers of two, none of which makes a sum infinite.
// CHECK: %[[LOG2E:.+]] = arith.constant 1.44269502 : f32
// CHECK: %[[GATE:.+]] = arith.mulf %{{.+}}, %[[LOG2E]]
// CHECK: %[[LEAST:.+]] = arith.constant -1.500000e+02 : f32
// CHECK: arith.maximumf %[[GATE]], %[[LEAST]]
// CHECK: vector.load %[[Q]]
// CHECK: vector.load %[[K]]
// CHECK: vector.load %[[V]]
// What may hear and what may be heard.
// CHECK: arith.cmpi sle
// CHECK: arith.cmpi sge
// CHECK: memref.store %{{.+}}, %[[OQ]]
// CHECK: memref.store %{{.+}}, %[[OK]]
