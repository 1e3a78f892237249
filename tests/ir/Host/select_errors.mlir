// SPDX-License-Identifier: Apache-2.0
// A pyramid of one level has nothing to select.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host -verify-diagnostics -split-input-file

#pyramid = #lighthouse.pyramid<seq_len = 64, padded_len = 64, num_levels = 1, pooling_factor = 2>
func.func @f(%s: tensor<1x1x0xf32, #pyramid>) {
  %0 = lighthouse.kernel "select" reads(%a = %s) : (tensor<1x1x0xf32, #pyramid>) -> tensor<1x1x64xi32, #pyramid> {
    // expected-error @+1 {{expects a pyramid of at least 2 levels, but got 1; one level has all entries selected}}
    %sel = lighthouse.select %a, %a {topk = 128} : tensor<1x1x0xf32, #pyramid>, tensor<1x1x0xf32, #pyramid>
    lighthouse.yield %sel : tensor<1x1x64xi32, #pyramid>
  }
  return
}
