// SPDX-License-Identifier: Apache-2.0
// The encoding, printed as the alias #pyramid; two of them get a number each.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-DAG: #[[SHORT:.+]] = #lighthouse.pyramid<seq_len = 8000, padded_len = 8192, num_levels = 3, pooling_factor = 4>
// CHECK-DAG: #[[LARGEST:.+]] = #lighthouse.pyramid<seq_len = 1, padded_len = 128, num_levels = 8, pooling_factor = 2>
// CHECK-LABEL: func.func @encodings(
// CHECK-SAME: %{{.+}}: tensor<1x8x10752x64xbf16, #[[SHORT]]>
// CHECK-SAME: %{{.+}}: tensor<1x8x255x64xf16, #[[LARGEST]]>
func.func @encodings(
    %a: tensor<1x8x10752x64xbf16, #lighthouse.pyramid<seq_len = 8000, padded_len = 8192, num_levels = 3, pooling_factor = 4>>,
    %b: tensor<1x8x255x64xf16, #lighthouse.pyramid<seq_len = 1, padded_len = 128, num_levels = 8, pooling_factor = 2>>) {
  return
}
