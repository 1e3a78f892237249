// SPDX-License-Identifier: Apache-2.0
// One level is plain causal attention, without indices.
// RUN: lighthouse compile --seq-len 77 --head-dim 8 | FileCheck %s

// CHECK-NOT: indices
// CHECK: func.func @forward
// CHECK-NOT: lighthouse.pool
// CHECK: lighthouse.attend %arg0, %arg1, %arg2
// CHECK-NOT: lighthouse.scatter
// CHECK: func.func @backward
// CHECK: lighthouse.attend_backward
// CHECK-NOT: indices
