// SPDX-License-Identifier: Apache-2.0
// Un-pooling looks rows up by the inverse of the selection, and the gradient of a pyramid never leaves a kernel.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile -verify-diagnostics -split-input-file

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @selection(%d: tensor<1x1x384x8xf32>, %sel: tensor<1x1x384xi32, #pyramid>) {
  %0 = lighthouse.kernel "unpool" reads(%a = %d, %i = %sel) : (tensor<1x1x384x8xf32>, tensor<1x1x384xi32, #pyramid>) -> tensor<1x1x256x8xf32> {
    // expected-error @+1 {{expects an inverse selection (lighthouse-invert-selections makes it)}}
    %dpq, %dpk, %dpv = lighthouse.gather_backward %a, %a, %a[%i] {num_kv_heads = 1} : tensor<1x1x384x8xf32>, tensor<1x1x384xi32, #pyramid>
    %dq, %dk, %dv = lighthouse.pool_backward %dpq, %dpk, %dpv {element_type = f32}
        : tensor<1x1x384x8xf32, #pyramid>, tensor<1x1x384x8xf32, #pyramid>, tensor<1x1x384x8xf32, #pyramid>
    lighthouse.yield %dq : tensor<1x1x256x8xf32>
  }
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @alone(%d: tensor<1x1x384x8xf32>, %slots: tensor<1x1x384xi32, #pyramid>) {
  %0 = lighthouse.kernel "gather_backward" reads(%a = %d, %i = %slots)
      : (tensor<1x1x384x8xf32>, tensor<1x1x384xi32, #pyramid>) -> tensor<1x1x384x8xf32, #pyramid> {
    // expected-error @+1 {{expects pool_backward in its kernel, but got none}}
    %dpq, %dpk, %dpv = lighthouse.gather_backward %a, %a, %a[inverse %i] {num_kv_heads = 1} : tensor<1x1x384x8xf32>, tensor<1x1x384xi32, #pyramid>
    lighthouse.yield %dpq : tensor<1x1x384x8xf32, #pyramid>
  }
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @leaves(%d: tensor<1x1x384x8xf32>, %slots: tensor<1x1x384xi32, #pyramid>) {
  %0:2 = lighthouse.kernel "unpool" reads(%a = %d, %i = %slots)
      : (tensor<1x1x384x8xf32>, tensor<1x1x384xi32, #pyramid>) -> (tensor<1x1x256x8xf32>, tensor<1x1x384x8xf32, #pyramid>) {
    // expected-error @+1 {{expects its results to stay in the kernel, but got one that leaves it}}
    %dpq, %dpk, %dpv = lighthouse.gather_backward %a, %a, %a[inverse %i] {num_kv_heads = 1} : tensor<1x1x384x8xf32>, tensor<1x1x384xi32, #pyramid>
    %dq, %dk, %dv = lighthouse.pool_backward %dpq, %dpk, %dpv {element_type = f32}
        : tensor<1x1x384x8xf32, #pyramid>, tensor<1x1x384x8xf32, #pyramid>, tensor<1x1x384x8xf32, #pyramid>
    lighthouse.yield %dq, %dpq : tensor<1x1x256x8xf32>, tensor<1x1x384x8xf32, #pyramid>
  }
  return
}
