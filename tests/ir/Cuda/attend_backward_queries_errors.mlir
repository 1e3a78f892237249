// SPDX-License-Identifier: Apache-2.0
// Block sizes that no product takes, or no shared memory holds, and numbers of copies that a block doesn't go through.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile="arch=sm_86" -verify-diagnostics -split-input-file

func.func @f(%q: tensor<1x1x256x64xbf16>, %n: tensor<1x1x256xf32>) {
  // expected-error @+1 {{expects schedule parameter block_rows to be a multiple of 64 (16 a warp), but got 32}}
  %0 = lighthouse.kernel "queries" reads(%x = %q, %l = %n) attributes {schedule = {warps = 4, block_rows = 32}} : (tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>) -> tensor<1x1x256x64xf32> {
    %1 = lighthouse.attend_backward_queries %x, %x, %x, %l, %l, %x {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x64xbf16>
    lighthouse.yield %1 : tensor<1x1x256x64xf32>
  }
  return
}

// -----

func.func @f(%q: tensor<1x1x256x64xbf16>, %n: tensor<1x1x256xf32>) {
  // expected-error @+1 {{expects schedule parameter block_columns to be a multiple of 16, but got 24}}
  %0 = lighthouse.kernel "queries" reads(%x = %q, %l = %n) attributes {schedule = {block_columns = 24}} : (tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>) -> tensor<1x1x256x64xf32> {
    %1 = lighthouse.attend_backward_queries %x, %x, %x, %l, %l, %x {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x64xbf16>
    lighthouse.yield %1 : tensor<1x1x256x64xf32>
  }
  return
}

// -----

func.func @f(%q: tensor<1x1x256x64xbf16>, %n: tensor<1x1x256xf32>) {
  // expected-error @+1 {{expects schedule parameter stages to be 1 or 2, but got 3}}
  %0 = lighthouse.kernel "queries" reads(%x = %q, %l = %n) attributes {schedule = {stages = 3}} : (tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>) -> tensor<1x1x256x64xf32> {
    %1 = lighthouse.attend_backward_queries %x, %x, %x, %l, %l, %x {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x64xbf16>
    lighthouse.yield %1 : tensor<1x1x256x64xf32>
  }
  return
}

// -----

// Rows of 128 bytes: 128 each of queries and of their outputs' gradients, and two float32 a query; twice 144 each of keys and values.
func.func @f(%q: tensor<1x1x256x64xbf16>, %n: tensor<1x1x256xf32>) {
  // expected-error @+1 {{expects tiles of at most 101376 bytes of shared memory, but got 107520}}
  %0 = lighthouse.kernel "queries" reads(%x = %q, %l = %n) attributes {schedule = {block_rows = 128, block_columns = 144, stages = 2}} : (tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>) -> tensor<1x1x256x64xf32> {
    %1 = lighthouse.attend_backward_queries %x, %x, %x, %l, %l, %x {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x64xbf16>
    lighthouse.yield %1 : tensor<1x1x256x64xf32>
  }
  return
}
