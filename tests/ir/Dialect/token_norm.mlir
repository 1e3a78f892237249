// SPDX-License-Identifier: Apache-2.0
// A norm for each token, of rows in residue classes.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-LABEL: func.func @f
// CHECK: %norms = lighthouse.token_norm %{{.+}} {dilation = 4, seq_len = 250} : tensor<8x2x63x16xbf16>
// CHECK: return %norms : tensor<2x2x250xf32>
func.func @f(%os: tensor<8x2x63x16xbf16>) -> tensor<2x2x250xf32> {
  %0 = lighthouse.token_norm %os {dilation = 4, seq_len = 250} : tensor<8x2x63x16xbf16>
  return %0 : tensor<2x2x250xf32>
}
