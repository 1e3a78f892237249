// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -lighthouse-differentiate -verify-diagnostics -split-input-file

// expected-error @+1 {{expects @forward to have a body of one block}}
func.func private @forward(tensor<1x1x100x16xf32>) -> tensor<1x1x100x16xf32>

// -----

// expected-error @+1 {{expects @forward to have a body of one block}}
func.func @forward(%q: tensor<1x1x100x16xf32>) -> tensor<1x1x100x16xf32> {
  cf.br ^next
^next:
  return %q : tensor<1x1x100x16xf32>
}

// -----

// expected-error @+1 {{expects a result marked lighthouse.differentiable, but got none}}
func.func @forward(%q: tensor<1x1x100x16xf32> {lighthouse.name = "q"}) -> (tensor<1x1x100x16xf32> {lighthouse.name = "out"}) {
  return %q : tensor<1x1x100x16xf32>
}

// -----

// expected-error @+1 {{expects a value to be one result marked lighthouse.differentiable, but got it again as result 1}}
func.func @forward(%q: tensor<1x1x100x16xf32> {lighthouse.name = "q"})
    -> (tensor<1x1x100x16xf32> {lighthouse.name = "a", lighthouse.differentiable}, tensor<1x1x100x16xf32> {lighthouse.name = "b", lighthouse.differentiable}) {
  return %q, %q : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>
}

// -----

// scatter_backward has no adjoint.
#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
// expected-error @+1 {{expects an argument that a gradient reaches, but got none}}
func.func @forward(%dout: tensor<1x1x256x16xf32> {lighthouse.name = "x"}, %sel: tensor<1x1x384xi32, #pyramid> {lighthouse.name = "indices"})
    -> (tensor<1x1x384x16xf32> {lighthouse.name = "y", lighthouse.differentiable}) {
  %dos = lighthouse.scatter_backward %dout[%sel] : tensor<1x1x256x16xf32>, tensor<1x1x384xi32, #pyramid>
  return %dos : tensor<1x1x384x16xf32>
}

// -----

!rows = tensor<1x1x100x16xf32>
func.func @forward(%q: !rows {lighthouse.name = "q"}) -> (!rows {lighthouse.name = "out", lighthouse.differentiable}) {
  // expected-error @+1 {{'lighthouse.attend' op expects to be the only op that differentiates through its operand, but got another use}}
  %os, %lse = lighthouse.attend %q, %q, %q {scale = 0.25 : f32} : !rows, !rows, !rows
  return %os : !rows
}

// -----

!rows = tensor<1x1x100x16xf32>
func.func @forward(%q: !rows, %k: !rows, %v: !rows) -> (!rows, tensor<1x1x100xf32> {lighthouse.name = "lse", lighthouse.differentiable}) {
  // expected-error @+1 {{'lighthouse.attend' op expects no gradient for lse, but got one}}
  %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : !rows, !rows, !rows
  return %os, %lse : !rows, tensor<1x1x100xf32>
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
!p = tensor<1x1x384x16xf32, #pyramid>
func.func @forward(%pq: !p, %pk: !p, %pv: !p, %sel: tensor<1x1x384xi32, #pyramid>) -> (tensor<1x1x384x16xf32> {lighthouse.name = "qs", lighthouse.differentiable}) {
  // expected-error @+1 {{'lighthouse.gather' op expects a gradient for each of its results, but got some only}}
  %qs, %ks, %vs = lighthouse.gather %pq, %pk, %pv[%sel] : !p, !p, !p, tensor<1x1x384xi32, #pyramid>
  return %qs : tensor<1x1x384x16xf32>
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
!p = tensor<1x1x384x16xf32, #pyramid>
func.func @forward(%q: tensor<1x1x256x16xf32>) -> (!p {lighthouse.name = "pq", lighthouse.differentiable}) {
  // expected-error @+1 {{'lighthouse.pool' op expects a gradient for each of its results, but got some only}}
  %pq, %pk, %pv = lighthouse.pool %q, %q, %q {num_levels = 2, pooling_factor = 2} : tensor<1x1x256x16xf32>, tensor<1x1x256x16xf32>, tensor<1x1x256x16xf32>
  return %pq : !p
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @forward(%os: tensor<1x1x384x16xf32>, %slots: tensor<1x1x384xi32, #pyramid>) -> (tensor<1x1x256x16xf32> {lighthouse.name = "out", lighthouse.differentiable}) {
  // expected-error @+1 {{'lighthouse.scatter' op expects to be differentiated before its selection is inverted, but got an inverse selection}}
  %out = lighthouse.scatter %os[inverse %slots] : tensor<1x1x384x16xf32>, tensor<1x1x384xi32, #pyramid>
  return %out : tensor<1x1x256x16xf32>
}

// -----

// Queries that heads share sum gradients, which the adjoint does not.
!q = tensor<1x1x100x16xf32>
!k = tensor<1x2x100x16xf32>
func.func @forward(%q: !q {lighthouse.name = "q"}, %k: !k {lighthouse.name = "k"}, %v: !q {lighthouse.name = "v"}) -> (!k {lighthouse.name = "out", lighthouse.differentiable}) {
  // expected-error @+1 {{'lighthouse.attend' op expects as many query heads as its result has, and as many key heads as value heads, to be differentiated, but got 'tensor<1x1x100x16xf32>', 'tensor<1x2x100x16xf32>' and 'tensor<1x1x100x16xf32>'}}
  %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : !q, !k, !q
  return %os : !k
}
