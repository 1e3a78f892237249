// SPDX-License-Identifier: Apache-2.0
// What every stage expects of queries, keys and values, seen at pool; then pool's own rules.
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

func.func @rank(%q: tensor<1x256x32xf32>) {
  // expected-error @+1 {{expects q to be a tensor of rank 4 and static shape, but got 'tensor<1x256x32xf32>'}}
  %a, %b, %c = lighthouse.pool %q, %q, %q {num_levels = 2, pooling_factor = 2} : tensor<1x256x32xf32>, tensor<1x256x32xf32>, tensor<1x256x32xf32>
  return
}

// -----

func.func @dynamic(%q: tensor<1x1x256x32xf32>, %k: tensor<1x1x?x32xf32>) {
  // expected-error @+1 {{expects k to be a tensor of rank 4 and static shape, but got 'tensor<1x1x?x32xf32>'}}
  %a, %b, %c = lighthouse.pool %q, %k, %k {num_levels = 2, pooling_factor = 2} : tensor<1x1x256x32xf32>, tensor<1x1x?x32xf32>, tensor<1x1x?x32xf32>
  return
}

// -----

func.func @no_heads(%q: tensor<1x1x256x32xf32>, %k: tensor<1x0x256x32xf32>) {
  // expected-error @+1 {{expects k to have a batch and heads of at least 1, but got 'tensor<1x0x256x32xf32>'}}
  %a, %b, %c = lighthouse.pool %q, %k, %k {num_levels = 2, pooling_factor = 2} : tensor<1x1x256x32xf32>, tensor<1x0x256x32xf32>, tensor<1x0x256x32xf32>
  return
}

// -----

func.func @no_batch(%q: tensor<0x1x256x32xf32>) {
  // expected-error @+1 {{expects q to have a batch and heads of at least 1, but got 'tensor<0x1x256x32xf32>'}}
  %a, %b, %c = lighthouse.pool %q, %q, %q {num_levels = 2, pooling_factor = 2} : tensor<0x1x256x32xf32>, tensor<0x1x256x32xf32>, tensor<0x1x256x32xf32>
  return
}

// -----

func.func @head_dim(%q: tensor<1x1x256x12xf32>) {
  // expected-error @+1 {{expects head_dim of q to be a multiple of 8 up to 256, but got 12}}
  %a, %b, %c = lighthouse.pool %q, %q, %q {num_levels = 2, pooling_factor = 2} : tensor<1x1x256x12xf32>, tensor<1x1x256x12xf32>, tensor<1x1x256x12xf32>
  return
}

// -----

func.func @head_dim_zero(%q: tensor<1x1x256x0xf32>) {
  // expected-error @+1 {{expects head_dim of q to be a multiple of 8 up to 256, but got 0}}
  %a, %b, %c = lighthouse.pool %q, %q, %q {num_levels = 2, pooling_factor = 2} : tensor<1x1x256x0xf32>, tensor<1x1x256x0xf32>, tensor<1x1x256x0xf32>
  return
}

// -----

func.func @head_dim_large(%q: tensor<1x1x256x264xf32>) {
  // expected-error @+1 {{expects head_dim of q to be a multiple of 8 up to 256, but got 264}}
  %a, %b, %c = lighthouse.pool %q, %q, %q {num_levels = 2, pooling_factor = 2} : tensor<1x1x256x264xf32>, tensor<1x1x256x264xf32>, tensor<1x1x256x264xf32>
  return
}

// -----

func.func @values(%q: tensor<1x2x256x32xf32>, %v: tensor<1x1x256x32xf32>) {
  // expected-error @+1 {{expects k and v to have the same type, but got 'tensor<1x2x256x32xf32>' and 'tensor<1x1x256x32xf32>'}}
  %a, %b, %c = lighthouse.pool %q, %q, %v {num_levels = 2, pooling_factor = 2} : tensor<1x2x256x32xf32>, tensor<1x2x256x32xf32>, tensor<1x1x256x32xf32>
  return
}

// -----

func.func @dtype(%q: tensor<1x1x256x32xf32>, %k: tensor<1x1x256x32xbf16>) {
  // expected-error @+1 {{expects q and k to differ in their number of heads only, but got 'tensor<1x1x256x32xf32>' and 'tensor<1x1x256x32xbf16>'}}
  %a, %b, %c = lighthouse.pool %q, %k, %k {num_levels = 2, pooling_factor = 2} : tensor<1x1x256x32xf32>, tensor<1x1x256x32xbf16>, tensor<1x1x256x32xbf16>
  return
}

// -----

func.func @batch(%q: tensor<1x1x256x32xf32>, %k: tensor<2x1x256x32xf32>) {
  // expected-error @+1 {{expects q and k to differ in their number of heads only, but got 'tensor<1x1x256x32xf32>' and 'tensor<2x1x256x32xf32>'}}
  %a, %b, %c = lighthouse.pool %q, %k, %k {num_levels = 2, pooling_factor = 2} : tensor<1x1x256x32xf32>, tensor<2x1x256x32xf32>, tensor<2x1x256x32xf32>
  return
}

// -----

func.func @length(%q: tensor<1x1x256x32xf32>, %k: tensor<1x1x128x32xf32>) {
  // expected-error @+1 {{expects q and k to differ in their number of heads only, but got 'tensor<1x1x256x32xf32>' and 'tensor<1x1x128x32xf32>'}}
  %a, %b, %c = lighthouse.pool %q, %k, %k {num_levels = 2, pooling_factor = 2} : tensor<1x1x256x32xf32>, tensor<1x1x128x32xf32>, tensor<1x1x128x32xf32>
  return
}

// -----

func.func @groups(%q: tensor<1x8x256x32xf32>, %k: tensor<1x3x256x32xf32>) {
  // expected-error @+1 {{expects the number of key heads to divide the number of query heads 8, but got 3}}
  %a, %b, %c = lighthouse.pool %q, %k, %k {num_levels = 2, pooling_factor = 2} : tensor<1x8x256x32xf32>, tensor<1x3x256x32xf32>, tensor<1x3x256x32xf32>
  return
}

// -----

func.func @float64(%q: tensor<1x1x256x32xf64>) {
  // expected-error @+1 {{operand #0 must be 4D tensor of 32-bit float or bfloat16 type or 16-bit float values, but got 'tensor<1x1x256x32xf64>'}}
  %a, %b, %c = lighthouse.pool %q, %q, %q {num_levels = 2, pooling_factor = 2} : tensor<1x1x256x32xf64>, tensor<1x1x256x32xf64>, tensor<1x1x256x32xf64>
  return
}

// -----

func.func @empty(%q: tensor<1x1x0x32xf32>) {
  // expected-error @+1 {{expects seq_len of at least 1, but got 0}}
  %a, %b, %c = lighthouse.pool %q, %q, %q {num_levels = 2, pooling_factor = 2} : tensor<1x1x0x32xf32>, tensor<1x1x0x32xf32>, tensor<1x1x0x32xf32>
  return
}

// -----

func.func @pooling_factor(%q: tensor<1x1x256x32xf32>) {
  // expected-error @+1 {{expects pooling_factor to be a power of two from 2 to 64, but got 3}}
  %a, %b, %c = lighthouse.pool %q, %q, %q {num_levels = 2, pooling_factor = 3} : tensor<1x1x256x32xf32>, tensor<1x1x256x32xf32>, tensor<1x1x256x32xf32>
  return
}

// -----

func.func @num_levels(%q: tensor<1x1x256x32xf32>) {
  // expected-error @+1 {{expects num_levels from 1 to 8, but got 9}}
  %a, %b, %c = lighthouse.pool %q, %q, %q {num_levels = 9, pooling_factor = 64} : tensor<1x1x256x32xf32>, tensor<1x1x256x32xf32>, tensor<1x1x256x32xf32>
  return
}

// -----

func.func @padded_len(%q: tensor<1x1x256x32xf32>) {
  // expected-error @+1 {{expects padded_len to be at least seq_len 256 and a multiple of the coarsest window 4, but got 258}}
  %a, %b, %c = lighthouse.pool %q, %q, %q {num_levels = 3, pooling_factor = 2, padded_len = 258} : tensor<1x1x256x32xf32>, tensor<1x1x256x32xf32>, tensor<1x1x256x32xf32>
  return
}

// -----

// Written out in full, the result types are compared with the inferred ones.
func.func @stated(%q: tensor<1x1x256x32xf32>) {
  // expected-error @+2 {{'lighthouse.pool' op failed to infer returned types}}
  // expected-error @+1 {{are incompatible with return type(s) of operation}}
  %a:3 = "lighthouse.pool"(%q, %q, %q) {num_levels = 2 : i64, pooling_factor = 2 : i64} : (tensor<1x1x256x32xf32>, tensor<1x1x256x32xf32>, tensor<1x1x256x32xf32>)
      -> (tensor<1x1x256x32xf32>, tensor<1x1x256x32xf32>, tensor<1x1x256x32xf32>)
  return
}
