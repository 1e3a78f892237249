// SPDX-License-Identifier: Apache-2.0
// A kernel reads a pyramid as a stack: level 0 has no copy.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile -verify-diagnostics -split-input-file

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @f(%pq: tensor<1x1x384x8xf32, #pyramid>, %sel: tensor<1x1x384xi32, #pyramid>) {
  %0 = lighthouse.kernel "gather" reads(%a = %pq, %c = %sel)
      : (tensor<1x1x384x8xf32, #pyramid>, tensor<1x1x384xi32, #pyramid>) -> tensor<1x1x384x8xf32> {
    // expected-error @+1 {{expects a pyramid to be a lighthouse.stack of its tokens and coarse levels, but got <block argument>}}
    %qs, %ks, %vs = lighthouse.gather %a, %a, %a[%c] : tensor<1x1x384x8xf32, #pyramid>, tensor<1x1x384x8xf32, #pyramid>,
        tensor<1x1x384x8xf32, #pyramid>, tensor<1x1x384xi32, #pyramid>
    lighthouse.yield %qs : tensor<1x1x384x8xf32>
  }
  return
}
