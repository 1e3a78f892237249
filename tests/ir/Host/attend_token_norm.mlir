// SPDX-License-Identifier: Apache-2.0
// The norm of attention's row in float32, at the place of the row's token where there is one; the rows do not leave the kernel. Four keys share a query's head.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host | FileCheck %s

func.func @f(%k: tensor<8x1x63x64xbf16>, %q: tensor<8x4x63x64xbf16>, %v: tensor<8x1x63x64xbf16>) {
  %0 = lighthouse.kernel "attend_token_norm" reads(%a = %k, %b = %q, %c = %v) : (tensor<8x1x63x64xbf16>, tensor<8x4x63x64xbf16>, tensor<8x1x63x64xbf16>) -> tensor<2x4x250xf32> {
    %os, %lse = lighthouse.attend %a, %b, %c {scale = 0.25 : f32} : tensor<8x1x63x64xbf16>, tensor<8x4x63x64xbf16>, tensor<8x1x63x64xbf16>
    %norms = lighthouse.token_norm %os {dilation = 4, seq_len = 250} : tensor<8x4x63x64xbf16>
    lighthouse.yield %norms : tensor<2x4x250xf32>
  }
  return
}

// CHECK-LABEL: func.func @f_attend_token_norm(
// CHECK-SAME: %[[K:[^:]+]]: memref<8x1x63x64xbf16>, %[[Q:[^:]+]]: memref<8x4x63x64xbf16>, %[[V:[^:]+]]: memref<8x1x63x64xbf16>, %[[NORMS:[^:]+]]: memref<2x4x250xf32>
// CHECK: %[[HEAD:.+]] = arith.remui %{{.+}}, %c4
// CHECK: %[[SHARED:.+]] = arith.divui %[[HEAD]], %c4
// CHECK: vector.load %[[K]][%{{[^,]+}}, %[[SHARED]],
// CHECK: vector.load %[[Q]][%{{[^,]+}}, %[[HEAD]],
// CHECK: %[[TIMES:.+]] = arith.muli %{{.+}}, %c4
// CHECK: %[[TOKEN:.+]] = arith.addi %[[TIMES]], %{{.+}}
// CHECK: %[[REAL:.+]] = arith.cmpi ult, %[[TOKEN]], %c250
// CHECK: scf.if %[[REAL]]
// CHECK: vector.reduction <add>
// CHECK: %[[NORM:.+]] = math.sqrt
// CHECK: memref.store %[[NORM]], %[[NORMS]][%{{.+}}, %[[HEAD]], %[[TOKEN]]]
// CHECK-NOT: math.log
