// SPDX-License-Identifier: Apache-2.0
// More candidates than a block's threads hold are read again for each digit. Only indices are wanted.
// RUN: lighthouse-opt %s -lighthouse-cuda-tile | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 20000, padded_len = 20000, num_levels = 2, pooling_factor = 2>
func.func @f(%sq: tensor<1x1x10000xf32, #pyramid>, %sk: tensor<1x1x10000xf32, #pyramid>) {
  %0 = lighthouse.kernel "select" reads(%a = %sq, %b = %sk) : (tensor<1x1x10000xf32, #pyramid>, tensor<1x1x10000xf32, #pyramid>) -> tensor<1x1x10256xi32, #pyramid> {
    %sel = lighthouse.select %a, %b {topk = 128} : tensor<1x1x10000xf32, #pyramid>, tensor<1x1x10000xf32, #pyramid>
    lighthouse.yield %sel : tensor<1x1x10256xi32, #pyramid>
  }
  return
}

// CHECK: tile.kernel @f_select(%[[SQ:[^:]+]]: !tile.view<1x1x10000xf32>, {{.*}}) blocks 1 threads 1024
// CHECK-NOT: tile.fill
// CHECK: scf.while
// CHECK: scf.for {{.+}} to %c10000_i32{{.*}} step %c4096_i32
// CHECK: tile.load %[[SQ]]{{.+}} mask
// CHECK: tile.count
