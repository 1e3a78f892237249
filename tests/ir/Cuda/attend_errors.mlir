// SPDX-License-Identifier: Apache-2.0
// Block sizes that no product takes, or no shared memory holds.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile="arch=sm_86" -verify-diagnostics -split-input-file

func.func @f(%q: tensor<1x1x256x64xbf16>) {
  // expected-error @+1 {{expects schedule parameter block_rows to be a multiple of 64 (16 a warp), but got 32}}
  %0 = lighthouse.kernel "attend" reads(%x = %q) attributes {schedule = {warps = 4, block_rows = 32}} : (tensor<1x1x256x64xbf16>) -> tensor<1x1x256x64xbf16> {
    %1, %2 = lighthouse.attend %x, %x, %x {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>
    lighthouse.yield %1 : tensor<1x1x256x64xbf16>
  }
  return
}

// -----

func.func @f(%q: tensor<1x1x256x64xbf16>) {
  // expected-error @+1 {{expects schedule parameter block_columns to be a multiple of 16, but got 24}}
  %0 = lighthouse.kernel "attend" reads(%x = %q) attributes {schedule = {block_columns = 24}} : (tensor<1x1x256x64xbf16>) -> tensor<1x1x256x64xbf16> {
    %1, %2 = lighthouse.attend %x, %x, %x {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>
    lighthouse.yield %1 : tensor<1x1x256x64xbf16>
  }
  return
}

// -----

// The default of 128 rows is for 4 warps.
func.func @f(%q: tensor<1x1x256x64xbf16>) {
  // expected-error @+1 {{expects schedule parameter block_rows to be a multiple of 256 (16 a warp), but got 128}}
  %0 = lighthouse.kernel "attend" reads(%x = %q) attributes {schedule = {warps = 16}} : (tensor<1x1x256x64xbf16>) -> tensor<1x1x256x64xbf16> {
    %1, %2 = lighthouse.attend %x, %x, %x {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>
    lighthouse.yield %1 : tensor<1x1x256x64xbf16>
  }
  return
}

// -----

// Rows of 128 bytes: 256 of queries, and 272 each of keys and values.
func.func @f(%q: tensor<1x1x256x64xbf16>) {
  // expected-error @+1 {{expects tiles of at most 101376 bytes of shared memory, but got 102400}}
  %0 = lighthouse.kernel "attend" reads(%x = %q) attributes {schedule = {block_rows = 256, block_columns = 272}} : (tensor<1x1x256x64xbf16>) -> tensor<1x1x256x64xbf16> {
    %1, %2 = lighthouse.attend %x, %x, %x {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>
    lighthouse.yield %1 : tensor<1x1x256x64xbf16>
  }
  return
}

// -----

// The largest that a parameter may be.
func.func @f(%q: tensor<1x1x256x64xbf16>) {
  // expected-error @+1 {{expects tiles of at most 101376 bytes of shared memory, but got 25165824}}
  %0 = lighthouse.kernel "attend" reads(%x = %q) attributes {schedule = {block_rows = 65536, block_columns = 65536}} : (tensor<1x1x256x64xbf16>) -> tensor<1x1x256x64xbf16> {
    %1, %2 = lighthouse.attend %x, %x, %x {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>
    lighthouse.yield %1 : tensor<1x1x256x64xbf16>
  }
  return
}
