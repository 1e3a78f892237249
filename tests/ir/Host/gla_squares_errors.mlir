// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-host -verify-diagnostics

func.func @f(%x: tensor<1x1x100x16xf32>, %g: tensor<1x1x100xf32>) {
  %0 = lighthouse.kernel "gla_squares" reads(%a = %x, %d = %g) : (tensor<1x1x100x16xf32>, tensor<1x1x100xf32>) -> tensor<1x1x1x100xf32> {
    // expected-error @+1 {{expects both of its results to leave the kernel}}
    %oq, %ok = lighthouse.gla_squares %a, %a, %a, %d {dilation = 3, scale = 5.000000e-01} : tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100x16xf32>, tensor<1x1x100xf32>
    lighthouse.yield %oq : tensor<1x1x1x100xf32>
  }
  return
}
