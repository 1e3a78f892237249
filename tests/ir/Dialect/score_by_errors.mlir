// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @arguments(%pq: tensor<1x4x384x8xf32, #pyramid>, %pk: tensor<1x2x384x8xf32, #pyramid>) {
  // expected-error @+1 {{expects its region to have two arguments of type 'vector<8xf32>', but got 'vector<8xf32>', 'vector<16xf32>'}}
  %a, %b = lighthouse.score_by %pq, %pk : tensor<1x4x384x8xf32, #pyramid>, tensor<1x2x384x8xf32, #pyramid> {
  ^bb0(%q: vector<8xf32>, %k: vector<16xf32>):
    %c = arith.constant 0.0 : f32
    lighthouse.scores %c, %c
  }
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @number_of_arguments(%pq: tensor<1x4x384x8xf32, #pyramid>, %pk: tensor<1x2x384x8xf32, #pyramid>) {
  // expected-error @+1 {{expects its region to have two arguments of type 'vector<8xf32>', but got 'vector<8xf32>'}}
  %a, %b = lighthouse.score_by %pq, %pk : tensor<1x4x384x8xf32, #pyramid>, tensor<1x2x384x8xf32, #pyramid> {
  ^bb0(%q: vector<8xf32>):
    %c = arith.constant 0.0 : f32
    lighthouse.scores %c, %c
  }
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @shared_keys(%pq: tensor<1x4x384x8xf32, #pyramid>, %pk: tensor<1x2x384x8xf32, #pyramid>) {
  // expected-error @+1 {{expects the score as a key to read the key only, as 4 query heads share 2, but it reads the query}}
  %a, %b = lighthouse.score_by %pq, %pk : tensor<1x4x384x8xf32, #pyramid>, tensor<1x2x384x8xf32, #pyramid> {
  ^bb0(%q: vector<8xf32>, %k: vector<8xf32>):
    %s = vector.reduction <add>, %q : vector<8xf32> into f32
    lighthouse.scores %s, %s
  }
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @product(%pq: tensor<1x4x384x8xf32, #pyramid>, %pk: tensor<1x2x384x8xf32, #pyramid>) {
  %a, %b = lighthouse.score_by %pq, %pk : tensor<1x4x384x8xf32, #pyramid>, tensor<1x2x384x8xf32, #pyramid> {
  ^bb0(%q: vector<8xf32>, %k: vector<8xf32>):
    // expected-error @+1 {{expects to be of kind add, maximumf or minimumf without an accumulator, but got mul}}
    %s = vector.reduction <mul>, %k : vector<8xf32> into f32
    lighthouse.scores %s, %s
  }
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @shuffle(%pq: tensor<1x4x384x8xf32, #pyramid>, %pk: tensor<1x2x384x8xf32, #pyramid>) {
  %a, %b = lighthouse.score_by %pq, %pk : tensor<1x4x384x8xf32, #pyramid>, tensor<1x2x384x8xf32, #pyramid> {
  ^bb0(%q: vector<8xf32>, %k: vector<8xf32>):
    // expected-error @+1 {{expects to be arithmetic on elements, a constant, vector.broadcast of a number or vector.reduction}}
    %r = vector.shuffle %k, %k [7, 6, 5, 4, 3, 2, 1, 0] : vector<8xf32>, vector<8xf32>
    %s = vector.reduction <add>, %r : vector<8xf32> into f32
    lighthouse.scores %s, %s
  }
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @splat(%pq: tensor<1x4x384x8xf32, #pyramid>, %pk: tensor<1x2x384x8xf32, #pyramid>) {
  %a, %b = lighthouse.score_by %pq, %pk : tensor<1x4x384x8xf32, #pyramid>, tensor<1x2x384x8xf32, #pyramid> {
  ^bb0(%q: vector<8xf32>, %k: vector<8xf32>):
    // expected-error @+1 {{expects one value for all elements, but got}}
    %c = arith.constant dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]> : vector<8xf32>
    %s = vector.reduction <add>, %c : vector<8xf32> into f32
    lighthouse.scores %s, %s
  }
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @size(%pq: tensor<1x4x384x8xf32, #pyramid>, %pk: tensor<1x2x384x8xf32, #pyramid>) {
  %a, %b = lighthouse.score_by %pq, %pk : tensor<1x4x384x8xf32, #pyramid>, tensor<1x2x384x8xf32, #pyramid> {
  ^bb0(%q: vector<8xf32>, %k: vector<8xf32>):
    // expected-error @+1 {{expects numbers and vectors of the head size 8, but got 'vector<4xf32>'}}
    %c = arith.constant dense<1.0> : vector<4xf32>
    %s = vector.reduction <add>, %c : vector<4xf32> into f32
    lighthouse.scores %s, %s
  }
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @mixed(%pq: tensor<1x4x384x8xf32, #pyramid>, %pk: tensor<1x2x384x8xf32, #pyramid>) {
  %a, %b = lighthouse.score_by %pq, %pk : tensor<1x4x384x8xf32, #pyramid>, tensor<1x2x384x8xf32, #pyramid> {
  ^bb0(%q: vector<8xf32>, %k: vector<8xf32>):
    %c = arith.constant true
    // expected-error @+1 {{expects vectors only or numbers only, but got both}}
    %r = arith.select %c, %k, %k : vector<8xf32>
    %s = vector.reduction <add>, %r : vector<8xf32> into f32
    lighthouse.scores %s, %s
  }
  return
}

// -----

func.func @no_pyramid(%q: tensor<1x1x384x8xf32>) {
  // expected-error @+1 {{expects pq to have a #lighthouse.pyramid encoding, but got 'tensor<1x1x384x8xf32>'}}
  %a, %b = lighthouse.score_by %q, %q : tensor<1x1x384x8xf32>, tensor<1x1x384x8xf32> {
  ^bb0(%x: vector<8xf32>, %y: vector<8xf32>):
    %c = arith.constant 0.0 : f32
    lighthouse.scores %c, %c
  }
  return
}
