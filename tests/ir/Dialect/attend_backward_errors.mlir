// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

func.func @type_count(%qs: tensor<1x1x100x16xf32>, %lse: tensor<1x1x100xf32>) {
  // expected-error @+1 {{expects the types of qs, ks and vs, tensors of rank 4, but got 'tensor<1x1x100x16xf32>'}}
  %a, %b, %c = lighthouse.attend_backward %qs, %qs, %qs, %qs, %lse, %qs {scale = 0.125 : f32} : tensor<1x1x100x16xf32>
  return
}

// -----

func.func @rank(%qs: tensor<1x100x16xf32>, %lse: tensor<1x100xf32>) {
  // expected-error @+1 {{expects the types of qs, ks and vs, tensors of rank 4, but got 'tensor<1x100x16xf32>', 'tensor<1x100x16xf32>', 'tensor<1x100x16xf32>'}}
  %a, %b, %c = lighthouse.attend_backward %qs, %qs, %qs, %qs, %lse, %qs {scale = 0.125 : f32} : tensor<1x100x16xf32>, tensor<1x100x16xf32>, tensor<1x100x16xf32>
  return
}

// -----

func.func @no_scale(%qs: tensor<1x1x100x16xf32>, %lse: tensor<1x1x100xf32>) {
  // expected-error @+1 {{'lighthouse.attend_backward' op requires attribute 'scale'}}
  %a, %b, %c = lighthouse.attend_backward %qs, %qs, %qs, %qs, %lse, %qs : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>
  return
}

// -----

func.func @parts(%qs: tensor<1x1x100x16xf32>, %lse: tensor<1x1x100xf32>) {
  // expected-error @+1 {{expects parts of at least 1, but got 0}}
  %a, %b, %c = lighthouse.attend_backward %qs, %qs, %qs, %qs, %lse, %qs {parts = 0 : i64, scale = 0.125 : f32} : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>
  return
}

// -----

func.func @parts_type(%qs: tensor<1x1x100x16xf32>, %lse: tensor<1x1x100xf32>) {
  // expected-error @+1 {{expects "parts" to be an integer, but got 2.000000e+00 : f32}}
  %a, %b, %c = lighthouse.attend_backward %qs, %qs, %qs, %qs, %lse, %qs {parts = 2.0 : f32, scale = 0.125 : f32} : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>
  return
}

// -----

func.func @values(%qs: tensor<1x1x100x16xf32>, %vs: tensor<1x1x100x24xf32>, %lse: tensor<1x1x100xf32>) {
  // expected-error @+1 {{expects ks and vs to have the same type, but got 'tensor<1x1x100x16xf32>' and 'tensor<1x1x100x24xf32>'}}
  %a, %b, %c = lighthouse.attend_backward %qs, %qs, %vs, %qs, %lse, %qs {scale = 0.125 : f32} : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x24xf32>
  return
}

// -----

// The custom syntax has no place for these three types: they can differ only when written out in full.
!rows = tensor<1x1x100x16xf32>
func.func @os(%qs: !rows, %os: tensor<1x1x100x16xbf16>, %lse: tensor<1x1x100xf32>) {
  // expected-error @+2 {{expects qs and os to have the same type, but got 'tensor<1x1x100x16xf32>' and 'tensor<1x1x100x16xbf16>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %a:3 = "lighthouse.attend_backward"(%qs, %qs, %qs, %os, %lse, %qs) {scale = 0.125 : f32} : (!rows, !rows, !rows, tensor<1x1x100x16xbf16>, tensor<1x1x100xf32>, !rows) -> (!rows, !rows, !rows)
  return
}

// -----

!rows = tensor<1x1x100x16xf32>
func.func @dos(%qs: !rows, %dos: tensor<1x1x90x16xf32>, %lse: tensor<1x1x100xf32>) {
  // expected-error @+2 {{expects qs and dos to have the same type, but got 'tensor<1x1x100x16xf32>' and 'tensor<1x1x90x16xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %a:3 = "lighthouse.attend_backward"(%qs, %qs, %qs, %qs, %lse, %dos) {scale = 0.125 : f32} : (!rows, !rows, !rows, !rows, tensor<1x1x100xf32>, tensor<1x1x90x16xf32>) -> (!rows, !rows, !rows)
  return
}

// -----

!rows = tensor<1x1x100x16xf32>
func.func @lse(%qs: !rows, %lse: tensor<1x1x90xf32>) {
  // expected-error @+2 {{expects [batch, heads, rows] of f32 and lse to have the same type, but got 'tensor<1x1x100xf32>' and 'tensor<1x1x90xf32>'}}
  // expected-error @+1 {{failed to infer returned types}}
  %a:3 = "lighthouse.attend_backward"(%qs, %qs, %qs, %qs, %lse, %qs) {scale = 0.125 : f32} : (!rows, !rows, !rows, !rows, tensor<1x1x90xf32>, !rows) -> (!rows, !rows, !rows)
  return
}
