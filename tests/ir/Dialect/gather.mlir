// SPDX-License-Identifier: Apache-2.0
// Keys and values come out with a row for each query head: each has a selection of its own.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 2, pooling_factor = 2>
// CHECK-LABEL: func.func @grouped
// CHECK: %qs, %ks, %vs = lighthouse.gather %{{.+}}, %{{.+}}, %{{.+}}[%{{.+}}] : tensor<1x4x384x16xbf16, #pyramid>, tensor<1x2x384x16xbf16, #pyramid>, tensor<1x2x384x16xbf16, #pyramid>, tensor<1x4x300xi32, #pyramid>
// CHECK: return %qs, %ks, %vs : tensor<1x4x300x16xbf16>, tensor<1x4x300x16xbf16>, tensor<1x4x300x16xbf16>
func.func @grouped(%pq: tensor<1x4x384x16xbf16, #pyramid>, %pk: tensor<1x2x384x16xbf16, #pyramid>, %sel: tensor<1x4x300xi32, #pyramid>)
    -> (tensor<1x4x300x16xbf16>, tensor<1x4x300x16xbf16>, tensor<1x4x300x16xbf16>) {
  %a, %b, %c = lighthouse.gather %pq, %pk, %pk[%sel] : tensor<1x4x384x16xbf16, #pyramid>, tensor<1x2x384x16xbf16, #pyramid>,
      tensor<1x2x384x16xbf16, #pyramid>, tensor<1x4x300xi32, #pyramid>
  return %a, %b, %c : tensor<1x4x300x16xbf16>, tensor<1x4x300x16xbf16>, tensor<1x4x300x16xbf16>
}
