// SPDX-License-Identifier: Apache-2.0
// Scores by gated linear attention: log gates are one more input of forward, and no gradient reaches them. One level has no scores and takes none.
// RUN: lighthouse compile --seq-len 2050 --head-dim 128 --heads 8 --kv-heads 2 --levels 3 --pooling-factor 2 --topk 128 --dtype bfloat16 --scorer gla --scale 0.5 | FileCheck %s
// RUN: lighthouse compile --seq-len 2050 --head-dim 128 --heads 8 --levels 3 --pooling-factor 2 --topk 128 --dtype bfloat16 --scorer gla --dilation 3 --emit fused --arch sm_90a | FileCheck %s --check-prefix=FUSED
// RUN: lighthouse compile --seq-len 2050 --head-dim 64 --scorer gla | FileCheck %s --check-prefix=ONE

// CHECK: func.func @forward(%[[Q:[^:]+]]: {{.*}}, %[[G:[^:]+]]: tensor<1x8x2050xf32> {lighthouse.name = "g"})
// CHECK-NEXT: %[[OQ:.+]], %[[OK:.+]] = lighthouse.gla_squares %[[Q]], %{{.+}}, %{{.+}}, %[[G]] {dilation = 4, scale = 5.000000e-01} : tensor<1x8x2050x128xbf16>, tensor<1x2x2050x128xbf16>
// CHECK-NEXT: %[[TQ:.+]], %[[TK:.+]] = lighthouse.part_norms %[[OQ]], %[[OK]] : tensor<1x8x1x2050xf32>
// CHECK-NEXT: %[[SQ:.+]], %[[SK:.+]] = lighthouse.max_pool %[[TQ]], %[[TK]]
// CHECK: lighthouse.select %[[SQ]], %[[SK]] {topk = 128}
// CHECK-NOT: lighthouse.score
// CHECK: func.func @backward
// CHECK-NOT: "g"

// FUSED: lighthouse.kernel "gla_squares"
// FUSED: {dilation = 3, scale = {{.+}}, parts = 2}
// FUSED: lighthouse.kernel "part_norms"
// FUSED: lighthouse.kernel "max_pool"
// FUSED: lighthouse.kernel "pool"

// ONE-NOT: gla
// ONE: lighthouse.attend
// ONE-NOT: gla
