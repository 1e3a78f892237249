// SPDX-License-Identifier: Apache-2.0
// Parts of 64 columns of 16-bit elements, of 16 where heads are wide or elements float32. One part stays.
// RUN: lighthouse-opt %s -lighthouse-split-gla | FileCheck %s
// RUN: lighthouse-opt %s -lighthouse-split-gla=narrow=32 | FileCheck %s --check-prefix=NARROW
// NARROW-LABEL: func.func @narrow
// NARROW: lighthouse.gla_squares {{.+}} {dilation = 4, scale = 5.000000e-01, parts = 4} : tensor<1x1x100x128xbf16>
// NARROW-LABEL: func.func @one
// NARROW: {dilation = 4, scale = 5.000000e-01}

// CHECK-LABEL: func.func @narrow
// CHECK: lighthouse.gla_squares {{.+}} {dilation = 4, scale = 5.000000e-01, parts = 2} : tensor<1x1x100x128xbf16>
// CHECK: lighthouse.part_norms {{.+}} : tensor<1x1x2x100xf32>
func.func @narrow(%x: tensor<1x1x100x128xbf16>, %g: tensor<1x1x100xf32>) -> (tensor<1x1x100xf32>, tensor<1x1x100xf32>) {
  %oq, %ok = lighthouse.gla_squares %x, %x, %x, %g {dilation = 4, scale = 5.000000e-01} : tensor<1x1x100x128xbf16>, tensor<1x1x100x128xbf16>, tensor<1x1x100x128xbf16>, tensor<1x1x100xf32>
  %tq, %tk = lighthouse.part_norms %oq, %ok : tensor<1x1x1x100xf32>
  return %tq, %tk : tensor<1x1x100xf32>, tensor<1x1x100xf32>
}

// CHECK-LABEL: func.func @wide
// CHECK: lighthouse.gla_squares {{.+}} {dilation = 4, scale = 5.000000e-01, parts = 16} : tensor<1x1x100x256xf32>
func.func @wide(%x: tensor<1x1x100x256xf32>, %g: tensor<1x1x100xf32>) -> (tensor<1x1x100xf32>, tensor<1x1x100xf32>) {
  %oq, %ok = lighthouse.gla_squares %x, %x, %x, %g {dilation = 4, scale = 5.000000e-01} : tensor<1x1x100x256xf32>, tensor<1x1x100x256xf32>, tensor<1x1x100x256xf32>, tensor<1x1x100xf32>
  %tq, %tk = lighthouse.part_norms %oq, %ok : tensor<1x1x1x100xf32>
  return %tq, %tk : tensor<1x1x100xf32>, tensor<1x1x100xf32>
}

// CHECK-LABEL: func.func @one
// CHECK: lighthouse.gla_squares {{.+}} {dilation = 4, scale = 5.000000e-01} : tensor<1x1x100x64xf16>
func.func @one(%x: tensor<1x1x100x64xf16>, %g: tensor<1x1x100xf32>) -> (tensor<1x1x100xf32>, tensor<1x1x100xf32>) {
  %oq, %ok = lighthouse.gla_squares %x, %x, %x, %g {dilation = 4, scale = 5.000000e-01} : tensor<1x1x100x64xf16>, tensor<1x1x100x64xf16>, tensor<1x1x100x64xf16>, tensor<1x1x100xf32>
  %tq, %tk = lighthouse.part_norms %oq, %ok : tensor<1x1x1x100xf32>
  return %tq, %tk : tensor<1x1x100xf32>, tensor<1x1x100xf32>
}
