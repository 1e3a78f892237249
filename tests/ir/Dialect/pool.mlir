// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-DAG: #[[LEAST:.+]] = #lighthouse.pyramid<seq_len = 250, padded_len = 252, num_levels = 3, pooling_factor = 2>
// CHECK-DAG: #[[GIVEN:.+]] = #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>

// The least padded length: 250 rounded up to a multiple of the coarsest window, 4. Entries: 252 + 126 + 63.
// CHECK-LABEL: func.func @least
// CHECK: %pq, %pk, %pv = lighthouse.pool %{{.+}}, %{{.+}}, %{{.+}} {num_levels = 3, pooling_factor = 2} : tensor<2x4x250x24xbf16>, tensor<2x1x250x24xbf16>, tensor<2x1x250x24xbf16>
// CHECK: return %pq, %pk : tensor<2x4x441x24xbf16, #[[LEAST]]>, tensor<2x1x441x24xbf16, #[[LEAST]]>
func.func @least(%q: tensor<2x4x250x24xbf16>, %k: tensor<2x1x250x24xbf16>)
    -> (tensor<2x4x441x24xbf16, #lighthouse.pyramid<seq_len = 250, padded_len = 252, num_levels = 3, pooling_factor = 2>>,
        tensor<2x1x441x24xbf16, #lighthouse.pyramid<seq_len = 250, padded_len = 252, num_levels = 3, pooling_factor = 2>>) {
  %a, %b, %c = lighthouse.pool %q, %k, %k {num_levels = 3, pooling_factor = 2}
      : tensor<2x4x250x24xbf16>, tensor<2x1x250x24xbf16>, tensor<2x1x250x24xbf16>
  return %a, %b : tensor<2x4x441x24xbf16, #lighthouse.pyramid<seq_len = 250, padded_len = 252, num_levels = 3, pooling_factor = 2>>,
      tensor<2x1x441x24xbf16, #lighthouse.pyramid<seq_len = 250, padded_len = 252, num_levels = 3, pooling_factor = 2>>
}

// CHECK-LABEL: func.func @given
// CHECK: lighthouse.pool %{{.+}} {num_levels = 3, pooling_factor = 2, padded_len = 256} : tensor<1x1x250x8xf32>
// CHECK: return %{{.+}} : tensor<1x1x448x8xf32, #[[GIVEN]]>
func.func @given(%q: tensor<1x1x250x8xf32>)
    -> tensor<1x1x448x8xf32, #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>> {
  %a, %b, %c = lighthouse.pool %q, %q, %q {num_levels = 3, pooling_factor = 2, padded_len = 256}
      : tensor<1x1x250x8xf32>, tensor<1x1x250x8xf32>, tensor<1x1x250x8xf32>
  return %c : tensor<1x1x448x8xf32, #lighthouse.pyramid<seq_len = 250, padded_len = 256, num_levels = 3, pooling_factor = 2>>
}
