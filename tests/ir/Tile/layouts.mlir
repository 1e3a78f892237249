// SPDX-License-Identifier: Apache-2.0
// The layouts of register tiles print as aliases: #rows, #mma, #linear, and #a_row or #a_column for a slice.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-DAG: #[[ROWS:.+]] = #tile.rows<threads = 128, lanes = 16, elements = 8>
// CHECK-DAG: #[[MMA:.+]] = #tile.mma<warps = 4>
// CHECK-DAG: #[[LINEAR:.+]] = #tile.linear<threads = 128>
// CHECK-DAG: #[[OF_ROWS:a_row.*]] = #tile.slice<dim = 1, of = #[[ROWS]]>
// CHECK-DAG: #[[OF_MMA:a_row.*]] = #tile.slice<dim = 1, of = #[[MMA]]>
// CHECK-DAG: #[[COLUMN:a_column.*]] = #tile.slice<dim = 0, of = #[[MMA]]>
// CHECK-LABEL: func.func @layouts(
// CHECK-SAME: %{{.+}}: tensor<32x128xbf16, #[[ROWS]]>
// CHECK-SAME: %{{.+}}: tensor<64x24xf32, #[[MMA]]>
// CHECK-SAME: %{{.+}}: tensor<256xi32, #[[LINEAR]]>
// CHECK-SAME: %{{.+}}: tensor<8xi1, #[[OF_ROWS]]>
// CHECK-SAME: %{{.+}}: tensor<128xf64, #[[OF_MMA]]>
// CHECK-SAME: %{{.+}}: tensor<24xf32, #[[COLUMN]]>
func.func @layouts(
    %rows: tensor<32x128xbf16, #tile.rows<threads = 128, lanes = 16, elements = 8>>,
    %mma: tensor<64x24xf32, #tile.mma<warps = 4>>,
    %linear: tensor<256xi32, #tile.linear<threads = 128>>,
    %of_rows: tensor<8xi1, #tile.slice<dim = 1, of = #tile.rows<threads = 128, lanes = 16, elements = 8>>>,
    %of_mma: tensor<128xf64, #tile.slice<dim = 1, of = #tile.mma<warps = 4>>>,
    %column: tensor<24xf32, #tile.slice<dim = 0, of = #tile.mma<warps = 4>>>) {
  return
}
