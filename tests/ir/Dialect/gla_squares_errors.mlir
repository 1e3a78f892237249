// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

func.func @no_class(%q: tensor<1x2x100x16xf32>, %k: tensor<1x2x100x16xf32>, %v: tensor<1x2x100x16xf32>, %g: tensor<1x2x100xf32>) {
  // expected-error @+1 {{expects dilation of at least 1, but got 0}}
  %oq, %ok = lighthouse.gla_squares %q, %k, %v, %g {dilation = 0, scale = 5.000000e-01} : tensor<1x2x100x16xf32>, tensor<1x2x100x16xf32>, tensor<1x2x100x16xf32>, tensor<1x2x100xf32>
  return
}

// -----

func.func @gates_of_a_head(%q: tensor<1x2x100x16xf32>, %k: tensor<1x2x100x16xf32>, %v: tensor<1x2x100x16xf32>, %g: tensor<1x1x100xf32>) {
  // expected-error @+1 {{expects [batch, heads, tokens] of f32 and g to have the same type, but got 'tensor<1x2x100xf32>' and 'tensor<1x1x100xf32>'}}
  %oq, %ok = lighthouse.gla_squares %q, %k, %v, %g {dilation = 4, scale = 5.000000e-01} : tensor<1x2x100x16xf32>, tensor<1x2x100x16xf32>, tensor<1x2x100x16xf32>, tensor<1x1x100xf32>
  return
}

// -----

func.func @values(%q: tensor<1x2x100x16xf32>, %k: tensor<1x2x100x16xf32>, %v: tensor<1x2x90x16xf32>, %g: tensor<1x2x100xf32>) {
  // expected-error @+1 {{expects k and v to have the same type, but got 'tensor<1x2x100x16xf32>' and 'tensor<1x2x90x16xf32>'}}
  %oq, %ok = lighthouse.gla_squares %q, %k, %v, %g {dilation = 4, scale = 5.000000e-01} : tensor<1x2x100x16xf32>, tensor<1x2x100x16xf32>, tensor<1x2x90x16xf32>, tensor<1x2x100xf32>
  return
}

// -----

func.func @many_parts(%q: tensor<1x2x100x16xf32>, %k: tensor<1x2x100x16xf32>, %v: tensor<1x2x100x16xf32>, %g: tensor<1x2x100xf32>) {
  // expected-error @+1 {{expects parts that share the 16 columns in steps of 16, but got 2}}
  %oq, %ok = lighthouse.gla_squares %q, %k, %v, %g {dilation = 4, scale = 5.000000e-01, parts = 2} : tensor<1x2x100x16xf32>, tensor<1x2x100x16xf32>, tensor<1x2x100x16xf32>, tensor<1x2x100xf32>
  return
}

// -----

func.func @no_part(%q: tensor<1x2x100x16xf32>, %k: tensor<1x2x100x16xf32>, %v: tensor<1x2x100x16xf32>, %g: tensor<1x2x100xf32>) {
  // expected-error @+1 {{expects parts that share the 16 columns in steps of 16, but got 0}}
  %oq, %ok = lighthouse.gla_squares %q, %k, %v, %g {dilation = 4, scale = 5.000000e-01, parts = 0} : tensor<1x2x100x16xf32>, tensor<1x2x100x16xf32>, tensor<1x2x100x16xf32>, tensor<1x2x100xf32>
  return
}

// -----

func.func @empty_part(%q: tensor<1x2x100x80xf32>, %k: tensor<1x2x100x80xf32>, %v: tensor<1x2x100x80xf32>, %g: tensor<1x2x100xf32>) {
  // expected-error @+1 {{expects parts that share the 80 columns in steps of 16, but got 4}}
  %oq, %ok = lighthouse.gla_squares %q, %k, %v, %g {dilation = 4, scale = 5.000000e-01, parts = 4} : tensor<1x2x100x80xf32>, tensor<1x2x100x80xf32>, tensor<1x2x100x80xf32>, tensor<1x2x100xf32>
  return
}
