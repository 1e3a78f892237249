// SPDX-License-Identifier: Apache-2.0
// The dilated scorer: attention in the residue classes of (q, k, v) and of (k, q, v) before anything is pooled, without a gradient. One level has no scores.
// RUN: lighthouse compile --seq-len 2050 --head-dim 64 --heads 8 --kv-heads 2 --levels 3 --pooling-factor 2 --topk 128 --scorer dilated | FileCheck %s
// RUN: lighthouse compile --seq-len 2050 --head-dim 64 --heads 8 --kv-heads 2 --levels 3 --pooling-factor 2 --topk 128 --scorer dilated --dilation 3 --op gather --scale 0.5 | FileCheck %s --check-prefix=GATHER
// RUN: lighthouse compile --seq-len 2050 --head-dim 64 --scorer dilated | FileCheck %s --check-prefix=ONE
// RUN: lighthouse compile --seq-len 2050 --head-dim 64 --levels 2 --scorer dilated --emit fused --arch sm_90a | FileCheck %s --check-prefix=FUSED

// CHECK: func.func @forward(%[[Q:[^:]+]]: tensor<1x8x2050x64xf32> {{[^,]*}}, {{[^,]*}}, %[[K:[^:]+]]: {{.*}}, %[[V:[^:]+]]: tensor<1x2x2050x64xf32>
// CHECK-NEXT: %[[QD:.+]], %[[KD:.+]], %[[VD:.+]] = lighthouse.dilate %[[Q]], %[[K]], %[[V]] {dilation = 4}
// CHECK-NEXT: %[[O:.+]], %{{.+}} = lighthouse.attend %[[QD]], %[[KD]], %[[VD]] {scale = 1.250000e-01 : f32} : tensor<4x8x513x64xf32>, tensor<4x2x513x64xf32>, tensor<4x2x513x64xf32>
// CHECK-NEXT: %[[TQ:.+]] = lighthouse.token_norm %[[O]] {dilation = 4, seq_len = 2050}
// CHECK-NEXT: %[[O2:.+]], %{{.+}} = lighthouse.attend %[[KD]], %[[QD]], %[[VD]] {scale = 1.250000e-01 : f32} : tensor<4x2x513x64xf32>, tensor<4x8x513x64xf32>, tensor<4x2x513x64xf32>
// CHECK-NEXT: %[[TK:.+]] = lighthouse.token_norm %[[O2]] {dilation = 4, seq_len = 2050} : tensor<4x8x513x64xf32>
// CHECK-NEXT: %[[SQ:.+]], %[[SK:.+]] = lighthouse.max_pool %[[TQ]], %[[TK]] {pyramid = #{{.+}}} : tensor<1x8x2050xf32>, tensor<1x8x2050xf32>
// CHECK-NEXT: lighthouse.pool %[[Q]], %[[K]], %[[V]]
// CHECK-NEXT: lighthouse.select %[[SQ]], %[[SK]] {topk = 128}
// CHECK-NOT: lighthouse.score
// CHECK: func.func @backward
// CHECK-NOT: dilate

// GATHER: lighthouse.dilate {{.*}} {dilation = 3}
// GATHER: lighthouse.attend {{.*}} {scale = 5.000000e-01 : f32}

// ONE-NOT: dilate
// ONE: lighthouse.attend
// ONE-NOT: dilate

// FUSED: lighthouse.kernel "dilate"
// FUSED: lighthouse.kernel "attend_token_norm"
// FUSED: lighthouse.kernel "attend_token_norm_2"
// FUSED: lighthouse.kernel "max_pool"
// FUSED: lighthouse.kernel "pool"
// FUSED: lighthouse.kernel "select_invert"
// FUSED: lighthouse.kernel "gather"
// FUSED: lighthouse.kernel "attend"
// FUSED: lighthouse.kernel "scatter"
