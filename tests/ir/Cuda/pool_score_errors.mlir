// SPDX-License-Identifier: Apache-2.0
// One level has nothing to pool.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile -verify-diagnostics -split-input-file

#pyramid = #lighthouse.pyramid<seq_len = 64, padded_len = 64, num_levels = 1, pooling_factor = 2>
func.func @f(%q: tensor<1x1x64x8xf32>) {
  %0 = lighthouse.kernel "pool" reads(%a = %q) : (tensor<1x1x64x8xf32>) -> (tensor<1x1x64x8xf32, #pyramid>) {
    // expected-error @+1 {{expects num_levels of at least 2 to write coarse levels, but got 1}}
    %pq, %pk, %pv = lighthouse.pool %a, %a, %a {num_levels = 1, pooling_factor = 2}
        : tensor<1x1x64x8xf32>, tensor<1x1x64x8xf32>, tensor<1x1x64x8xf32>
    lighthouse.yield %pq : tensor<1x1x64x8xf32, #pyramid>
  }
  return
}
