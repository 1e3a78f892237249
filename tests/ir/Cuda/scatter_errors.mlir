// SPDX-License-Identifier: Apache-2.0
// Scattering needs the inverse of the selection.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile -verify-diagnostics -split-input-file

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @f(%os: tensor<1x1x384x8xf32>, %sel: tensor<1x1x384xi32, #pyramid>) {
  %0 = lighthouse.kernel "scatter" reads(%a = %os, %b = %sel) : (tensor<1x1x384x8xf32>, tensor<1x1x384xi32, #pyramid>) -> tensor<1x1x256x8xf32> {
    // expected-error @+1 {{expects an inverse selection (lighthouse-invert-selections makes it)}}
    %out = lighthouse.scatter %a[%b] : tensor<1x1x384x8xf32>, tensor<1x1x384xi32, #pyramid>
    lighthouse.yield %out : tensor<1x1x256x8xf32>
  }
  return
}
