// SPDX-License-Identifier: Apache-2.0
// Exponentials and logarithms of a scorer become arithmetic, of vectors and of numbers; others stay.
// RUN: lighthouse-opt %s -lighthouse-expand-scores | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
// CHECK-LABEL: func.func @f
// CHECK: lighthouse.score_by
// CHECK-NOT: math.exp
// CHECK-NOT: math.log
// CHECK: vector.reduction <add>
// CHECK: math.sqrt
// CHECK-NOT: math.exp
// CHECK-NOT: math.log
// CHECK: lighthouse.scores
// CHECK: math.log
func.func @f(%pq: tensor<1x2x384x8xf32, #pyramid>, %x: f32) -> f32 {
  %a, %b = lighthouse.score_by %pq, %pq : tensor<1x2x384x8xf32, #pyramid>, tensor<1x2x384x8xf32, #pyramid> {
  ^bb0(%q: vector<8xf32>, %k: vector<8xf32>):
    %powers = math.exp %q : vector<8xf32>
    %sum = vector.reduction <add>, %powers : vector<8xf32> into f32
    %root = math.sqrt %sum : f32
    %log = math.log %root : f32
    lighthouse.scores %root, %log
  }
  %log = math.log %x : f32
  return %log : f32
}
