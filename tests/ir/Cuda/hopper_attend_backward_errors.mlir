// SPDX-License-Identifier: Apache-2.0
// Block sizes that no product takes, or no shared memory holds.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile="arch=sm_90a" -verify-diagnostics -split-input-file

func.func @f(%qs: tensor<1x1x256x64xbf16>, %ks: tensor<1x1x256x64xbf16>, %vs: tensor<1x1x256x64xbf16>, %lses: tensor<1x1x256xf32>, %deltas: tensor<1x1x256xf32>, %dos: tensor<1x1x256x64xbf16>) {
  // expected-error @+1 {{expects schedule parameters warpgroups 2 and block_columns 128, but got 3 and 128}}
  %0:3 = lighthouse.kernel "attend_backward_joined" reads(%q = %qs, %k = %ks, %v = %vs, %lse = %lses, %delta = %deltas, %do = %dos) attributes {schedule = {warpgroups = 3}} : (tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x64xbf16>) -> (tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>) {
    %dq, %dk, %dv = lighthouse.attend_backward_joined %q, %k, %v, %lse, %delta, %do {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x64xbf16>
    lighthouse.yield %dq, %dk, %dv : tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>
  }
  return
}

// -----

func.func @f(%qs: tensor<1x1x256x64xbf16>, %ks: tensor<1x1x256x64xbf16>, %vs: tensor<1x1x256x64xbf16>, %lses: tensor<1x1x256xf32>, %deltas: tensor<1x1x256xf32>, %dos: tensor<1x1x256x64xbf16>) {
  // expected-error @+1 {{expects schedule parameter warpgroups to be 2 or 3, but got 4}}
  %0:3 = lighthouse.kernel "attend_backward_joined" reads(%q = %qs, %k = %ks, %v = %vs, %lse = %lses, %delta = %deltas, %do = %dos) attributes {schedule = {warpgroups = 4}} : (tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x64xbf16>) -> (tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>) {
    %dq, %dk, %dv = lighthouse.attend_backward_joined %q, %k, %v, %lse, %delta, %do {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x64xbf16>
    lighthouse.yield %dq, %dk, %dv : tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>
  }
  return
}

// -----

func.func @f(%qs: tensor<1x1x256x80xbf16>, %ks: tensor<1x1x256x80xbf16>, %vs: tensor<1x1x256x80xbf16>, %lses: tensor<1x1x256xf32>, %deltas: tensor<1x1x256xf32>, %dos: tensor<1x1x256x80xbf16>) {
  // expected-error @+1 {{expects schedule parameters warpgroups 2 and block_columns 64, but got 2 and 128}}
  %0:3 = lighthouse.kernel "attend_backward_joined" reads(%q = %qs, %k = %ks, %v = %vs, %lse = %lses, %delta = %deltas, %do = %dos) attributes {schedule = {block_columns = 128}} : (tensor<1x1x256x80xbf16>, tensor<1x1x256x80xbf16>, tensor<1x1x256x80xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x80xbf16>) -> (tensor<1x1x256x80xf32>, tensor<1x1x256x80xf32>, tensor<1x1x256x80xf32>) {
    %dq, %dk, %dv = lighthouse.attend_backward_joined %q, %k, %v, %lse, %delta, %do {scale = 0.25 : f32} : tensor<1x1x256x80xbf16>, tensor<1x1x256x80xbf16>, tensor<1x1x256x80xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x80xbf16>
    lighthouse.yield %dq, %dk, %dv : tensor<1x1x256x80xf32>, tensor<1x1x256x80xf32>, tensor<1x1x256x80xf32>
  }
  return
}

// -----

func.func @f(%qs: tensor<1x1x256x64xbf16>, %ks: tensor<1x1x256x64xbf16>, %vs: tensor<1x1x256x64xbf16>, %lses: tensor<1x1x256xf32>, %deltas: tensor<1x1x256xf32>, %dos: tensor<1x1x256x64xbf16>) {
  // expected-error @+1 {{expects schedule parameters warpgroups 2 and block_columns 128, but got 2 and 64}}
  %0:3 = lighthouse.kernel "attend_backward_joined" reads(%q = %qs, %k = %ks, %v = %vs, %lse = %lses, %delta = %deltas, %do = %dos) attributes {schedule = {block_columns = 64}} : (tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x64xbf16>) -> (tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>) {
    %dq, %dk, %dv = lighthouse.attend_backward_joined %q, %k, %v, %lse, %delta, %do {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x64xbf16>
    lighthouse.yield %dq, %dk, %dv : tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>
  }
  return
}

// -----

func.func @f(%qs: tensor<1x1x256x64xbf16>, %ks: tensor<1x1x256x64xbf16>, %vs: tensor<1x1x256x64xbf16>, %lses: tensor<1x1x256xf32>, %deltas: tensor<1x1x256xf32>, %dos: tensor<1x1x256x64xbf16>) {
  // expected-error @+1 {{expects schedule parameter stages to be an integer from 1 to 65536, but got 0}}
  %0:3 = lighthouse.kernel "attend_backward_joined" reads(%q = %qs, %k = %ks, %v = %vs, %lse = %lses, %delta = %deltas, %do = %dos) attributes {schedule = {stages = 0}} : (tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x64xbf16>) -> (tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>) {
    %dq, %dk, %dv = lighthouse.attend_backward_joined %q, %k, %v, %lse, %delta, %do {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x64xbf16>
    lighthouse.yield %dq, %dk, %dv : tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>
  }
  return
}

// -----

func.func @f(%qs: tensor<1x1x256x128xbf16>, %ks: tensor<1x1x256x128xbf16>, %vs: tensor<1x1x256x128xbf16>, %lses: tensor<1x1x256xf32>, %deltas: tensor<1x1x256xf32>, %dos: tensor<1x1x256x128xbf16>) {
  // expected-error @+1 {{expects tiles of at most 232448 bytes of shared memory, but got 264512}}
  %0:3 = lighthouse.kernel "attend_backward_joined" reads(%q = %qs, %k = %ks, %v = %vs, %lse = %lses, %delta = %deltas, %do = %dos) attributes {schedule = {stages = 4}} : (tensor<1x1x256x128xbf16>, tensor<1x1x256x128xbf16>, tensor<1x1x256x128xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x128xbf16>) -> (tensor<1x1x256x128xf32>, tensor<1x1x256x128xf32>, tensor<1x1x256x128xf32>) {
    %dq, %dk, %dv = lighthouse.attend_backward_joined %q, %k, %v, %lse, %delta, %do {scale = 0.25 : f32} : tensor<1x1x256x128xbf16>, tensor<1x1x256x128xbf16>, tensor<1x1x256x128xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x128xbf16>
    lighthouse.yield %dq, %dk, %dv : tensor<1x1x256x128xf32>, tensor<1x1x256x128xf32>, tensor<1x1x256x128xf32>
  }
  return
}

// -----

func.func @f(%qs: tensor<1x1x256x64xbf16>, %ks: tensor<1x1x256x64xbf16>, %vs: tensor<1x1x256x64xbf16>, %lses: tensor<1x1x256xf32>, %deltas: tensor<1x1x256xf32>, %dos: tensor<1x1x256x64xbf16>) {
  // expected-error @+1 {{expects schedule parameters out of block_columns, stages, warpgroups, but got "warps"}}
  %0:3 = lighthouse.kernel "attend_backward_joined" reads(%q = %qs, %k = %ks, %v = %vs, %lse = %lses, %delta = %deltas, %do = %dos) attributes {schedule = {warps = 4}} : (tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x64xbf16>) -> (tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>) {
    %dq, %dk, %dv = lighthouse.attend_backward_joined %q, %k, %v, %lse, %delta, %do {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x64xbf16>
    lighthouse.yield %dq, %dk, %dv : tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>
  }
  return
}

// -----

// Of float32 and of wider heads there is none.
func.func @f(%qs: tensor<1x1x256x64xf32>, %ks: tensor<1x1x256x64xf32>, %vs: tensor<1x1x256x64xf32>, %lses: tensor<1x1x256xf32>, %deltas: tensor<1x1x256xf32>, %dos: tensor<1x1x256x64xf32>) {
  // expected-error @+1 {{expects a stage that has a schedule for CUDA}}
  %0:3 = lighthouse.kernel "attend_backward_joined" reads(%q = %qs, %k = %ks, %v = %vs, %lse = %lses, %delta = %deltas, %do = %dos) : (tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x64xf32>) -> (tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>) {
    %dq, %dk, %dv = lighthouse.attend_backward_joined %q, %k, %v, %lse, %delta, %do {scale = 0.25 : f32} : tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x64xf32>
    lighthouse.yield %dq, %dk, %dv : tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>
  }
  return
}

// -----

func.func @f(%qs: tensor<1x1x256x136xbf16>, %ks: tensor<1x1x256x136xbf16>, %vs: tensor<1x1x256x136xbf16>, %lses: tensor<1x1x256xf32>, %deltas: tensor<1x1x256xf32>, %dos: tensor<1x1x256x136xbf16>) {
  // expected-error @+1 {{expects a stage that has a schedule for CUDA}}
  %0:3 = lighthouse.kernel "attend_backward_joined" reads(%q = %qs, %k = %ks, %v = %vs, %lse = %lses, %delta = %deltas, %do = %dos) : (tensor<1x1x256x136xbf16>, tensor<1x1x256x136xbf16>, tensor<1x1x256x136xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x136xbf16>) -> (tensor<1x1x256x136xf32>, tensor<1x1x256x136xf32>, tensor<1x1x256x136xf32>) {
    %dq, %dk, %dv = lighthouse.attend_backward_joined %q, %k, %v, %lse, %delta, %do {scale = 0.25 : f32} : tensor<1x1x256x136xbf16>, tensor<1x1x256x136xbf16>, tensor<1x1x256x136xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x136xbf16>
    lighthouse.yield %dq, %dk, %dv : tensor<1x1x256x136xf32>, tensor<1x1x256x136xf32>, tensor<1x1x256x136xf32>
  }
  return
}
