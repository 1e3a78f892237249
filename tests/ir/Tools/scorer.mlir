// SPDX-License-Identifier: Apache-2.0
// A scorer of one's own is an expression; what it means is a region in the stages, in arithmetic on both targets.
// RUN: lighthouse compile --seq-len 2048 --head-dim 16 --levels 2 --scorer 'sum( q*q ), max((abs(k)))' | FileCheck %s --check-prefix=STAGES
// RUN: lighthouse compile --seq-len 2048 --head-dim 16 --levels 2 --scorer 'sum(exp(q)), log(norm(k))' --emit fused | FileCheck %s --check-prefix=FUSED
// RUN: lighthouse compile --seq-len 2048 --head-dim 16 --levels 2 --scorer 'norm(q), norm(k)' | FileCheck %s --check-prefix=NORM
// RUN: lighthouse ptx --seq-len 2048 --head-dim 16 --levels 2 --scorer 'sum(q * k), min(k)' --arch sm_80 --kernel forward_pool_score | FileCheck %s --check-prefix=PTX

// STAGES: lighthouse.score_by
// STAGES-NEXT: ^bb0(%[[Q:.+]]: vector<16xf32>, %[[K:.+]]: vector<16xf32>):
// STAGES-NEXT: %[[SQUARES:.+]] = arith.mulf %[[Q]], %[[Q]] : vector<16xf32>
// STAGES-NEXT: %[[WIDE:.+]] = arith.extf %[[SQUARES]] : vector<16xf32> to vector<16xf64>
// STAGES-NEXT: %[[SUM:.+]] = vector.reduction <add>, %[[WIDE]] : vector<16xf64> into f64
// STAGES-NEXT: %[[SCORE:.+]] = arith.truncf %[[SUM]] : f64 to f32
// STAGES-NEXT: %[[SIZES:.+]] = math.absf %[[K]] : vector<16xf32>
// STAGES-NEXT: %[[LARGEST:.+]] = vector.reduction <maximumf>, %[[SIZES]] : vector<16xf32> into f32
// STAGES-NEXT: lighthouse.scores %[[SCORE]], %[[LARGEST]]
// STAGES: lighthouse.select signed

// FUSED: lighthouse.kernel "pool_score"
// FUSED: lighthouse.score_by
// FUSED-NOT: math.exp
// FUSED-NOT: math.log
// FUSED: lighthouse.scores

// NORM: lighthouse.score norm
// NORM-NOT: signed

// PTX: .entry forward_pool_score
// PTX: min.ftz.NaN.f32
