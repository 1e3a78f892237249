// SPDX-License-Identifier: Apache-2.0
// The parameters that a schedule asks for, in force and worth trying, where the pass is asked to tell them.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile=parameters | FileCheck %s
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile | FileCheck %s --check-prefix=UNASKED

// CHECK: tile.kernel @f_row_dot({{.*}}) blocks 8 threads 128 attributes {
// CHECK-SAME: lighthouse.candidates = {threads = array<i64: 64, 128, 256, 512>}
// CHECK-SAME: lighthouse.parameters = {threads = 128 : i64}
// UNASKED: tile.kernel @f_row_dot({{.*}}) blocks 8 threads 128 {
func.func @f(%a: tensor<1x1x512x8xf32>) {
  %0 = lighthouse.kernel "row_dot" reads(%x = %a) attributes {schedule = {threads = 128 : i64}} : (tensor<1x1x512x8xf32>) -> tensor<1x1x512xf32> {
    %1 = lighthouse.row_dot %x, %x : tensor<1x1x512x8xf32>, tensor<1x1x512x8xf32>
    lighthouse.yield %1 : tensor<1x1x512xf32>
  }
  return
}
