// SPDX-License-Identifier: Apache-2.0
// One score a window by a function of a token's query and key, in float32 whatever the rows are.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
// CHECK-LABEL: func.func @norm_and_largest
// CHECK: %sq, %sk = lighthouse.score_by %{{.+}}, %{{.+}} : tensor<1x8x448x16xf16, #pyramid>, tensor<1x2x448x16xf16, #pyramid> {
// CHECK-NEXT: ^bb0(%[[Q:.+]]: vector<16xf32>, %[[K:.+]]: vector<16xf32>):
// CHECK: lighthouse.scores %{{.+}}, %{{.+}}
// CHECK: return %sq, %sk : tensor<1x8x192xf32, #pyramid>, tensor<1x2x192xf32, #pyramid>
func.func @norm_and_largest(%pq: tensor<1x8x448x16xf16, #pyramid>, %pk: tensor<1x2x448x16xf16, #pyramid>) -> (tensor<1x8x192xf32, #pyramid>, tensor<1x2x192xf32, #pyramid>) {
  %a, %b = lighthouse.score_by %pq, %pk : tensor<1x8x448x16xf16, #pyramid>, tensor<1x2x448x16xf16, #pyramid> {
  ^bb0(%q: vector<16xf32>, %k: vector<16xf32>):
    %wide = arith.extf %q : vector<16xf32> to vector<16xf64>
    %squares = arith.mulf %wide, %wide : vector<16xf64>
    %sum = vector.reduction <add>, %squares : vector<16xf64> into f64
    %root = math.sqrt %sum : f64
    %norm = arith.truncf %root : f64 to f32
    %largest = vector.reduction <maximumf>, %k : vector<16xf32> into f32
    lighthouse.scores %norm, %largest
  }
  return %a, %b : tensor<1x8x192xf32, #pyramid>, tensor<1x2x192xf32, #pyramid>
}

// Query heads that share no keys: the score as a key may read the query.
// CHECK-LABEL: func.func @product
func.func @product(%pq: tensor<1x2x448x16xf32, #pyramid>) -> (tensor<1x2x192xf32, #pyramid>, tensor<1x2x192xf32, #pyramid>) {
  %a, %b = lighthouse.score_by %pq, %pq : tensor<1x2x448x16xf32, #pyramid>, tensor<1x2x448x16xf32, #pyramid> {
  ^bb0(%q: vector<16xf32>, %k: vector<16xf32>):
    %products = arith.mulf %q, %k : vector<16xf32>
    %sum = vector.reduction <add>, %products : vector<16xf32> into f32
    lighthouse.scores %sum, %sum
  }
  return %a, %b : tensor<1x2x192xf32, #pyramid>, tensor<1x2x192xf32, #pyramid>
}
