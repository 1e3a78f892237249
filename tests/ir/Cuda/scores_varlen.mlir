// SPDX-License-Identifier: Apache-2.0
// A launch gives the number of tokens: none behind the last is read, nor has a score.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

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

// CHECK: tile.kernel @dilated_dilate(%[[Q:[^:]+]]: !tile.view<1x2x256x64xbf16, strided, varlen>
// CHECK: %[[ROWS:.+]] = tile.rows %[[Q]]
// CHECK: %[[END:.+]] = tile.splat %[[ROWS]]
// CHECK: %[[REAL:.+]] = arith.cmpi slt, %{{.+}}, %[[END]]
// CHECK: tile.load %[[Q]][{{.+}}] mask %[[REAL]]

func.func @pooled(%tokens: !token, %qs: !q {lighthouse.strided, lighthouse.varlen}) {
  %0:2 = lighthouse.kernel "max_pool" reads(%t = %tokens, %q = %qs) : (!token, !q) -> (!window, !window) {
    %sq, %sk = lighthouse.max_pool %t, %t of %q {pyramid = #pyramid} : !token, !token, !q
    lighthouse.yield %sq, %sk : !window, !window
  }
  return
}

// CHECK: tile.kernel @pooled_max_pool(%[[T:[^:]+]]: !tile.view<1x2x256xf32>, %[[Q:[^:]+]]: !tile.view<1x2x256x64xbf16, strided, varlen>
// CHECK: %[[ROWS:.+]] = tile.rows %[[Q]]
// CHECK: %[[END:.+]] = tile.splat %[[ROWS]]
// CHECK: arith.cmpi slt, %{{.+}}, %[[END]]
// CHECK: tile.load %[[T]][{{.+}}] mask

!squares = tensor<1x2x1x256xf32>
func.func @gated(%qs: !q {lighthouse.strided, lighthouse.varlen}, %gates: !token {lighthouse.strided}) {
  %0:2 = lighthouse.kernel "gla_squares" reads(%q = %qs, %g = %gates) : (!q, !token) -> (!squares, !squares) {
    %oq, %ok = lighthouse.gla_squares %q, %q, %q, %g {dilation = 3, scale = 5.000000e-01} : !q, !q, !q, !token
    lighthouse.yield %oq, %ok : !squares, !squares
  }
  return
}

// CHECK: tile.kernel @gated_gla_squares(%[[Q:[^:]+]]: !tile.view<1x2x256x64xbf16, strided, varlen>, %[[G:[^:]+]]: !tile.view<1x2x256xf32, strided>
// CHECK: %[[ROWS:.+]] = tile.rows %[[Q]]
// CHECK: arith.subi %[[ROWS]]
// CHECK: tile.copy %[[Q]][{{.+}}] limit %[[ROWS]]
// CHECK: tile.copy %[[G]][{{.+}}] limit %[[ROWS]]

