// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-LABEL: func.func @two
// CHECK: %tq, %tk = lighthouse.part_norms %{{.+}}, %{{.+}} : tensor<1x4x2x100xf32>
// CHECK: return %tq, %tk : tensor<1x4x100xf32>, tensor<1x4x100xf32>
func.func @two(%oq: tensor<1x4x2x100xf32>, %ok: tensor<1x4x2x100xf32>) -> (tensor<1x4x100xf32>, tensor<1x4x100xf32>) {
  %tq, %tk = lighthouse.part_norms %oq, %ok : tensor<1x4x2x100xf32>
  return %tq, %tk : tensor<1x4x100xf32>, tensor<1x4x100xf32>
}
