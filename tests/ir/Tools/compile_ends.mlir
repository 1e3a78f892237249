// SPDX-License-Identifier: Apache-2.0
// The two ends of the chain by themselves, for a caller with an attention of its own.
// RUN: lighthouse compile --op gather --seq-len 2048 --head-dim 16 --levels 3 --pooling-factor 4 | FileCheck %s --check-prefix=GATHER
// RUN: lighthouse compile --op scatter --seq-len 2048 --head-dim 16 --levels 3 --pooling-factor 4 | FileCheck %s --check-prefix=SCATTER

// GATHER: func.func @forward(
// GATHER-SAME: -> (tensor<1x1x1152x16xf32> {lighthouse.differentiable, lighthouse.name = "qs"}
// GATHER-SAME: {lighthouse.differentiable, lighthouse.name = "ks"}
// GATHER-SAME: {lighthouse.differentiable, lighthouse.name = "vs"}
// GATHER-SAME: {lighthouse.name = "indices"})
// GATHER-NOT: lighthouse.attend
// GATHER: func.func @backward(
// GATHER: lighthouse.gather_backward
// GATHER: lighthouse.pool_backward

// SCATTER: func.func @forward(%{{.*}}: tensor<1x1x1152x16xf32> {lighthouse.name = "os", lighthouse.strided}, %{{.*}}: tensor<1x1x1152xi32, #{{.*}}> {lighthouse.name = "indices"})
// SCATTER-SAME: -> (tensor<1x1x2048x16xf32> {lighthouse.differentiable, lighthouse.name = "out", lighthouse.strided})
// SCATTER-NEXT: lighthouse.scatter
// SCATTER: func.func @backward(
// SCATTER: lighthouse.scatter_backward
