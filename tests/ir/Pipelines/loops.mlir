// SPDX-License-Identifier: Apache-2.0
// Loops: a function a kernel, named after its function, with the number of work items; no stage is left.
// RUN: lighthouse compile --seq-len 8192 --head-dim 16 --num-levels 2 --pooling-factor 4 --topk 1024 -o %t
// RUN: lighthouse-opt %t -lighthouse-fusion -lighthouse-lower-kernels-to-host="lanes=8 registers=16" | FileCheck %s --implicit-check-not="{{lighthouse[.][^i]}}"

// CHECK-DAG: func.func @forward_pool_score({{.+}}: index) attributes {lighthouse.items = {{[1-9][0-9]*}} : i64}
// CHECK-DAG: func.func @forward_select_invert({{.+}}: index) attributes {lighthouse.items = 8 : i64}
// CHECK-DAG: func.func @forward_gather({{.+}}: index) attributes {lighthouse.items = {{[1-9][0-9]*}} : i64}
// CHECK-DAG: func.func @forward_attend({{.+}}: index) attributes {lighthouse.items = {{[1-9][0-9]*}} : i64}
// CHECK-DAG: func.func @forward_scatter({{.+}}: index) attributes {lighthouse.items = {{[1-9][0-9]*}} : i64}
// CHECK-DAG: func.func @backward_invert({{.+}}: index) attributes {lighthouse.items = 1 : i64}
// CHECK-DAG: func.func @backward_scatter_backward({{.+}}: index) attributes {lighthouse.items = {{[1-9][0-9]*}} : i64}
// CHECK-DAG: func.func @backward_attend_backward({{.+}}: index) attributes {lighthouse.items = 6 : i64}
// CHECK-DAG: func.func @backward_sum_parts({{.+}}: index) attributes {lighthouse.items = {{[1-9][0-9]*}} : i64}
// CHECK-DAG: func.func @backward_gather_backward_pool_backward({{.+}}: index) attributes {lighthouse.items = {{[1-9][0-9]*}} : i64}
