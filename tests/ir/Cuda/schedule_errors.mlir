// SPDX-License-Identifier: Apache-2.0
// What is refused of the attribute `schedule`.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile -verify-diagnostics -split-input-file

// The parameters that a schedule asks for are those it knows.
func.func @f(%a: tensor<1x1x64x8xf32>) {
  // expected-error @+1 {{expects schedule parameters out of threads, but got "warps"}}
  %0 = lighthouse.kernel "row_dot" reads(%x = %a) attributes {schedule = {warps = 4}} : (tensor<1x1x64x8xf32>) -> tensor<1x1x64xf32> {
    %1 = lighthouse.row_dot %x, %x : tensor<1x1x64x8xf32>, tensor<1x1x64x8xf32>
    lighthouse.yield %1 : tensor<1x1x64xf32>
  }
  return
}

// -----

func.func @f(%q: tensor<1x1x64x16xf32>) {
  // expected-error @+1 {{expects schedule parameters out of block_columns, block_rows, warps, but got "stages"}}
  %0 = lighthouse.kernel "attend" reads(%x = %q) attributes {schedule = {stages = 2}} : (tensor<1x1x64x16xf32>) -> tensor<1x1x64x16xf32> {
    %1, %2 = lighthouse.attend %x, %x, %x {scale = 0.25 : f32} : tensor<1x1x64x16xf32>, tensor<1x1x64x16xf32>, tensor<1x1x64x16xf32>
    lighthouse.yield %1 : tensor<1x1x64x16xf32>
  }
  return
}

// -----

func.func @f(%a: tensor<1x1x64x8xf32>) {
  // expected-error @+1 {{expects schedule to be a dictionary, but got 64 : i64}}
  %0 = lighthouse.kernel "row_dot" reads(%x = %a) attributes {schedule = 64 : i64} : (tensor<1x1x64x8xf32>) -> tensor<1x1x64xf32> {
    %1 = lighthouse.row_dot %x, %x : tensor<1x1x64x8xf32>, tensor<1x1x64x8xf32>
    lighthouse.yield %1 : tensor<1x1x64xf32>
  }
  return
}

// -----

func.func @f(%a: tensor<1x1x64x8xf32>) {
  // expected-error @+1 {{expects schedule parameter threads to be an integer from 1 to 65536, but got "many"}}
  %0 = lighthouse.kernel "row_dot" reads(%x = %a) attributes {schedule = {threads = "many"}} : (tensor<1x1x64x8xf32>) -> tensor<1x1x64xf32> {
    %1 = lighthouse.row_dot %x, %x : tensor<1x1x64x8xf32>, tensor<1x1x64x8xf32>
    lighthouse.yield %1 : tensor<1x1x64xf32>
  }
  return
}

// -----

func.func @f(%a: tensor<1x1x64x8xf32>) {
  // expected-error @+1 {{expects schedule parameter threads to be an integer from 1 to 65536, but got 0}}
  %0 = lighthouse.kernel "row_dot" reads(%x = %a) attributes {schedule = {threads = 0}} : (tensor<1x1x64x8xf32>) -> tensor<1x1x64xf32> {
    %1 = lighthouse.row_dot %x, %x : tensor<1x1x64x8xf32>, tensor<1x1x64x8xf32>
    lighthouse.yield %1 : tensor<1x1x64xf32>
  }
  return
}

// -----

func.func @f(%a: tensor<1x1x64x8xf32>) {
  // expected-error @+1 {{expects schedule parameter threads to be an integer from 1 to 65536, but got 4294967296}}
  %0 = lighthouse.kernel "row_dot" reads(%x = %a) attributes {schedule = {threads = 4294967296}} : (tensor<1x1x64x8xf32>) -> tensor<1x1x64xf32> {
    %1 = lighthouse.row_dot %x, %x : tensor<1x1x64x8xf32>, tensor<1x1x64x8xf32>
    lighthouse.yield %1 : tensor<1x1x64xf32>
  }
  return
}

// -----

func.func @f(%a: tensor<1x1x64x8xf32>) {
  // expected-error @+1 {{expects whole warps, up to 32, but got schedule parameter threads 100}}
  %0 = lighthouse.kernel "row_dot" reads(%x = %a) attributes {schedule = {threads = 100}} : (tensor<1x1x64x8xf32>) -> tensor<1x1x64xf32> {
    %1 = lighthouse.row_dot %x, %x : tensor<1x1x64x8xf32>, tensor<1x1x64x8xf32>
    lighthouse.yield %1 : tensor<1x1x64xf32>
  }
  return
}

// -----

func.func @f(%a: tensor<1x1x64x8xf32>) {
  // expected-error @+1 {{expects whole warps, up to 32, but got schedule parameter threads 2048}}
  %0 = lighthouse.kernel "row_dot" reads(%x = %a) attributes {schedule = {threads = 2048}} : (tensor<1x1x64x8xf32>) -> tensor<1x1x64xf32> {
    %1 = lighthouse.row_dot %x, %x : tensor<1x1x64x8xf32>, tensor<1x1x64x8xf32>
    lighthouse.yield %1 : tensor<1x1x64xf32>
  }
  return
}

// -----

func.func @f(%a: tensor<1x1x64x8xf32>) {
  // expected-error @+1 {{expects whole warps, up to 32, but got schedule parameter warps 33}}
  %0 = lighthouse.kernel "row_dot" reads(%x = %a) attributes {schedule = {warps = 33}} : (tensor<1x1x64x8xf32>) -> tensor<1x1x64xf32> {
    %1 = lighthouse.row_dot %x, %x : tensor<1x1x64x8xf32>, tensor<1x1x64x8xf32>
    lighthouse.yield %1 : tensor<1x1x64xf32>
  }
  return
}
