// SPDX-License-Identifier: Apache-2.0
// What `lighthouse compile` builds for a spec, and the padded length where a pyramid alone would need less.
// RUN: lighthouse compile --seq-len 8001 --head-dim 64 --heads 8 --kv-heads 2 --levels 3 --pooling-factor 4 --topk 256 | FileCheck %s
// RUN: lighthouse compile --seq-len 2048 --head-dim 32 --num-levels 2 --pooling-factor 4 --dtype bfloat16 --scale 0.25 | FileCheck %s --check-prefix=PLAIN

// CHECK-DAG: #[[P:.*]] = #lighthouse.pyramid<seq_len = 8001, padded_len = 8032, num_levels = 3, pooling_factor = 4>
// CHECK: func.func @forward(%[[Q:.*]]: tensor<1x8x8001x64xf32> {lighthouse.name = "q", lighthouse.strided}
// CHECK-SAME: %[[K:[^:]*]]: tensor<1x2x8001x64xf32> {lighthouse.name = "k", lighthouse.strided}
// CHECK-SAME: lighthouse.differentiable, lighthouse.name = "out", lighthouse.strided
// CHECK-SAME: tensor<1x8x2550xi32, #[[P]]> {lighthouse.name = "indices"}
// CHECK-SAME: tensor<1x8x2550xf32> {lighthouse.name = "lse"}
// CHECK: lighthouse.pool %[[Q]], %[[K]], %{{.*}} {num_levels = 3, pooling_factor = 4, padded_len = 8032}
// CHECK: lighthouse.score norm
// CHECK: lighthouse.select %{{.*}} {topk = 256}
// CHECK: lighthouse.gather
// CHECK: lighthouse.attend %{{.*}} {scale = 1.250000e-01 : f32}
// CHECK: lighthouse.scatter
// CHECK: func.func @backward(%{{.*}}: tensor<1x8x8001x64xf32> {lighthouse.name = "dout", lighthouse.strided}

// PLAIN: lighthouse.pool %{{.*}} {num_levels = 2, pooling_factor = 4} : tensor<1x1x2048x32xbf16>
// PLAIN: lighthouse.attend %{{.*}} {scale = 2.500000e-01 : f32}
