// SPDX-License-Identifier: Apache-2.0
// A call gives the number of tokens: none behind the last is read, nor has a score.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
!q = tensor<1x2x256x64xbf16>
!class = tensor<4x2x64x64xbf16>
!token = tensor<1x2x256xf32>
!window = tensor<1x2x128xf32, #pyramid>
func.func @dilated(%qs: !q {lighthouse.strided, lighthouse.varlen}) {
  %0:3 = lighthouse.kernel "dilate" reads(%q = %qs) : (!q) -> (!class, !class, !class) {
    %a, %b, %c = lighthouse.dilate %q, %q, %q {dilation = 4} : !q, !q, !q
    lighthouse.yield %a, %b, %c : !class, !class, !class
  }
  return
}

// CHECK-LABEL: func.func @dilated_dilate(
// CHECK-SAME: %[[Q:[^:]+]]: memref<1x2x?x64xbf16, strided<[?, ?, ?, 1]>>
// CHECK: %[[ROWS:.+]] = memref.dim %[[Q]], %c2
// CHECK: %[[REAL:.+]] = arith.cmpi ult, %{{.+}}, %[[ROWS]]
// CHECK: scf.if %[[REAL]]
// CHECK: vector.load %[[Q]]

func.func @pooled(%tokens: !token, %qs: !q {lighthouse.strided, lighthouse.varlen}) {
  %0:2 = lighthouse.kernel "max_pool" reads(%t = %tokens, %q = %qs) : (!token, !q) -> (!window, !window) {
    %sq, %sk = lighthouse.max_pool %t, %t of %q {pyramid = #pyramid} : !token, !token, !q
    lighthouse.yield %sq, %sk : !window, !window
  }
  return
}

// CHECK-LABEL: func.func @pooled_max_pool(
// CHECK-SAME: %[[T:[^:]+]]: memref<1x2x256xf32>, %[[Q:[^:]+]]: memref<1x2x?x64xbf16, strided<[?, ?, ?, 1]>>
// CHECK: %[[ROWS:.+]] = memref.dim %[[Q]], %c2
// CHECK: %[[END:.+]] = arith.minui %{{.+}}, %[[ROWS]]
// CHECK: scf.for {{.*}} to %[[END]] step
// CHECK: memref.load %[[T]]

!squares = tensor<1x2x1x256xf32>
func.func @gated(%qs: !q {lighthouse.strided, lighthouse.varlen}, %gates: !token {lighthouse.strided}) {
  %0:2 = lighthouse.kernel "gla_squares" reads(%q = %qs, %g = %gates) : (!q, !token) -> (!squares, !squares) {
    %oq, %ok = lighthouse.gla_squares %q, %q, %q, %g {dilation = 3, scale = 5.000000e-01} : !q, !q, !q, !token
    lighthouse.yield %oq, %ok : !squares, !squares
  }
  return
}

// CHECK-LABEL: func.func @gated_gla_squares(
// CHECK-SAME: %[[Q:[^:]+]]: memref<1x2x?x64xbf16, strided<[?, ?, ?, 1]>>, %[[G:[^:]+]]: memref<1x2x256xf32, strided<[?, ?, 1]>>
// CHECK: %[[ROWS:.+]] = memref.dim %[[Q]], %c2
// CHECK: arith.addi %[[ROWS]]
// CHECK: memref.load %[[G]]

