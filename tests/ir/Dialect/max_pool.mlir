// SPDX-License-Identifier: Apache-2.0
// One score a window of levels 1 and up.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK: #[[P:.+]] = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>
// CHECK-LABEL: func.func @f
// CHECK: %sq, %sk = lighthouse.max_pool %{{.+}}, %{{.+}} {pyramid = #[[P]]} : tensor<1x8x250xf32>, tensor<1x2x250xf32>
// CHECK: return %sq, %sk : tensor<1x8x192xf32, #[[P]]>, tensor<1x2x192xf32, #[[P]]>
func.func @f(%tq: tensor<1x8x250xf32>, %tk: tensor<1x2x250xf32>) -> (tensor<1x8x192xf32, #pyramid>, tensor<1x2x192xf32, #pyramid>) {
  %a, %b = lighthouse.max_pool %tq, %tk {pyramid = #pyramid} : tensor<1x8x250xf32>, tensor<1x2x250xf32>
  return %a, %b : tensor<1x8x192xf32, #pyramid>, tensor<1x2x192xf32, #pyramid>
}

// Of as many tokens as a launch says that %q has.
// CHECK-LABEL: func.func @varlen
// CHECK: lighthouse.max_pool %{{.+}}, %{{.+}} of %{{.+}} {pyramid = #[[P]]} : tensor<1x8x250xf32>, tensor<1x2x250xf32>, tensor<1x8x250x64xbf16>
func.func @varlen(%tq: tensor<1x8x250xf32>, %tk: tensor<1x2x250xf32>, %q: tensor<1x8x250x64xbf16>) -> (tensor<1x8x192xf32, #pyramid>, tensor<1x2x192xf32, #pyramid>) {
  %a, %b = lighthouse.max_pool %tq, %tk of %q {pyramid = #pyramid} : tensor<1x8x250xf32>, tensor<1x2x250xf32>, tensor<1x8x250x64xbf16>
  return %a, %b : tensor<1x8x192xf32, #pyramid>, tensor<1x2x192xf32, #pyramid>
}
