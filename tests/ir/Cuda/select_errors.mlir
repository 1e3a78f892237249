// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -lighthouse-cuda-tile -verify-diagnostics

#pyramid = #lighthouse.pyramid<seq_len = 1000, padded_len = 1000, num_levels = 1, pooling_factor = 2>
func.func @one_level(%sq: tensor<1x1x0xf32, #pyramid>) {
  %0 = lighthouse.kernel "select" reads(%a = %sq) : (tensor<1x1x0xf32, #pyramid>) -> tensor<1x1x1000xi32, #pyramid> {
    // expected-error @+1 {{expects a pyramid of at least 2 levels, but got 1; one level has all entries selected}}
    %sel = lighthouse.select %a, %a {topk = 128} : tensor<1x1x0xf32, #pyramid>, tensor<1x1x0xf32, #pyramid>
    lighthouse.yield %sel : tensor<1x1x1000xi32, #pyramid>
  }
  return
}
