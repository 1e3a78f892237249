// SPDX-License-Identifier: Apache-2.0
// Norms of attention's rows are taken in its kernel, which writes nothing else; those of other rows have no kernel to join.
// RUN: lighthouse-opt %s -lighthouse-fuse-stages | FileCheck %s

!rows = tensor<4x2x63x16xf32>
// CHECK-LABEL: func.func @joins
// CHECK-NEXT: %norms = lighthouse.kernel "attend_token_norm" reads({{.*}}) : (tensor<4x2x63x16xf32>, tensor<4x2x63x16xf32>) -> tensor<1x2x250xf32> {
// CHECK-NEXT: %[[OS:.+]], %{{.+}} = lighthouse.attend
// CHECK-NEXT: %[[NORMS:.+]] = lighthouse.token_norm %[[OS]]
// CHECK-NEXT: lighthouse.yield %[[NORMS]] : tensor<1x2x250xf32>
func.func @joins(%q: !rows, %k: !rows) -> tensor<1x2x250xf32> {
  %os, %lse = lighthouse.attend %q, %k, %k {scale = 0.25 : f32} : !rows, !rows, !rows
  %norms = lighthouse.token_norm %os {dilation = 4, seq_len = 250} : !rows
  return %norms : tensor<1x2x250xf32>
}

// CHECK-LABEL: func.func @alone
// CHECK-NEXT: lighthouse.kernel "token_norm"
func.func @alone(%q: !rows) -> tensor<1x2x250xf32> {
  %norms = lighthouse.token_norm %q {dilation = 4, seq_len = 250} : !rows
  return %norms : tensor<1x2x250xf32>
}
