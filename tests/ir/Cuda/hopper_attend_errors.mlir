// SPDX-License-Identifier: Apache-2.0
// Block sizes that no product takes, or no shared memory holds.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile="arch=sm_90a" -verify-diagnostics -split-input-file

func.func @f(%qs: tensor<1x1x256x64xbf16> {lighthouse.strided}, %ks: tensor<1x1x256x64xbf16>, %vs: tensor<1x1x256x64xbf16>) {
  // expected-error @+1 {{expects schedule parameter warpgroups to be 2 or 3, but got 1}}
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) attributes {schedule = {warpgroups = 1}} : (tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>) -> (tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>
    lighthouse.yield %os, %lse : tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>
  }
  return
}

// -----

func.func @f(%qs: tensor<1x1x256x64xbf16> {lighthouse.strided}, %ks: tensor<1x1x256x64xbf16>, %vs: tensor<1x1x256x64xbf16>) {
  // expected-error @+1 {{expects schedule parameter warpgroups to be 2 or 3, but got 4}}
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) attributes {schedule = {warpgroups = 4}} : (tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>) -> (tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>
    lighthouse.yield %os, %lse : tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>
  }
  return
}

// -----

func.func @f(%qs: tensor<1x1x256x64xbf16> {lighthouse.strided}, %ks: tensor<1x1x256x64xbf16>, %vs: tensor<1x1x256x64xbf16>) {
  // expected-error @+1 {{expects schedule parameter block_columns to be a multiple of 16 up to 256, but got 24}}
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) attributes {schedule = {block_columns = 24}} : (tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>) -> (tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>
    lighthouse.yield %os, %lse : tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>
  }
  return
}

// -----

func.func @f(%qs: tensor<1x1x256x64xbf16> {lighthouse.strided}, %ks: tensor<1x1x256x64xbf16>, %vs: tensor<1x1x256x64xbf16>) {
  // expected-error @+1 {{expects schedule parameter block_columns to be a multiple of 16 up to 256, but got 272}}
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) attributes {schedule = {block_columns = 272}} : (tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>) -> (tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>
    lighthouse.yield %os, %lse : tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>
  }
  return
}

// -----

func.func @f(%qs: tensor<1x1x256x64xbf16> {lighthouse.strided}, %ks: tensor<1x1x256x64xbf16>, %vs: tensor<1x1x256x64xbf16>) {
  // expected-error @+1 {{expects schedule parameter stages from 1 to 8, but got 9}}
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) attributes {schedule = {stages = 9}} : (tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>) -> (tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>
    lighthouse.yield %os, %lse : tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>
  }
  return
}

// -----

func.func @f(%qs: tensor<1x1x256x64xbf16> {lighthouse.strided}, %ks: tensor<1x1x256x64xbf16>, %vs: tensor<1x1x256x64xbf16>) {
  // expected-error @+1 {{expects schedule parameters out of block_columns, stages, warpgroups, but got "block_rows"}}
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) attributes {schedule = {block_rows = 64}} : (tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>) -> (tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>
    lighthouse.yield %os, %lse : tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>
  }
  return
}

// -----

// 2 tiles of 64 queries, and 4 each of keys and values with 128 rows of 256 bytes; 2 barriers of each of 10.
func.func @f(%qs: tensor<1x1x256x128xbf16> {lighthouse.strided}, %ks: tensor<1x1x256x128xbf16>, %vs: tensor<1x1x256x128xbf16>) {
  // expected-error @+1 {{expects tiles of at most 232448 bytes of shared memory, but got 295072}}
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) attributes {schedule = {stages = 4}} : (tensor<1x1x256x128xbf16>, tensor<1x1x256x128xbf16>, tensor<1x1x256x128xbf16>) -> (tensor<1x1x256x128xbf16>, tensor<1x1x256xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<1x1x256x128xbf16>, tensor<1x1x256x128xbf16>, tensor<1x1x256x128xbf16>
    lighthouse.yield %os, %lse : tensor<1x1x256x128xbf16>, tensor<1x1x256xf32>
  }
  return
}
