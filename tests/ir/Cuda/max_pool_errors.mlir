// SPDX-License-Identifier: Apache-2.0
// One level has no windows to score.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile -verify-diagnostics

#pyramid = #lighthouse.pyramid<seq_len = 64, padded_len = 64, num_levels = 1, pooling_factor = 2>
func.func @f(%tq: tensor<1x1x64xf32>) {
  %0 = lighthouse.kernel "max_pool" reads(%a = %tq) : (tensor<1x1x64xf32>) -> (tensor<1x1x0xf32, #pyramid>) {
    // expected-error @+1 {{expects a pyramid of at least 2 levels to score windows of, but got 1}}
    %sq, %sk = lighthouse.max_pool %a, %a {pyramid = #pyramid} : tensor<1x1x64xf32>, tensor<1x1x64xf32>
    lighthouse.yield %sq : tensor<1x1x0xf32, #pyramid>
  }
  return
}
