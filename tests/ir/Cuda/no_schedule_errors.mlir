// SPDX-License-Identifier: Apache-2.0
// Stages of the host pipeline only.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile -verify-diagnostics -split-input-file

func.func @f(%a: tensor<1x1x128x8xf32>) {
  // expected-error @+1 {{expects a stage that has a schedule for CUDA}}
  %0 = lighthouse.kernel "sum" reads(%x = %a) : (tensor<1x1x128x8xf32>) -> tensor<1x1x64x8xf32> {
    %1 = lighthouse.sum_parts %x {parts = 2} : tensor<1x1x128x8xf32>
    lighthouse.yield %1 : tensor<1x1x64x8xf32>
  }
  return
}

// -----

!rows = tensor<1x1x64x16xf32>
func.func @f(%q: !rows, %l: tensor<1x1x64xf32>) {
  // expected-error @+1 {{expects a stage that has a schedule for CUDA}}
  %0 = lighthouse.kernel "attend_backward" reads(%x = %q, %y = %l) : (!rows, tensor<1x1x64xf32>) -> !rows {
    %1, %2, %3 = lighthouse.attend_backward %x, %x, %x, %x, %y, %x {scale = 0.25 : f32} : !rows, !rows, !rows
    lighthouse.yield %1 : !rows
  }
  return
}
