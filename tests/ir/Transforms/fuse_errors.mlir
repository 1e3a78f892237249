// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -lighthouse-fuse-stages -verify-diagnostics -split-input-file

func.func @no_stage(%q: tensor<1x1x100x16xf32>) -> tensor<1x1x100x16xf32> {
  // expected-error @+1 {{'arith.negf' op expects to be fused into a kernel, but is no stage}}
  %0 = arith.negf %q : tensor<1x1x100x16xf32>
  return %0 : tensor<1x1x100x16xf32>
}

// -----

// Views belong to kernels: only fusion makes them.
#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
func.func @view(%p: tensor<1x1x384x16xf32, #pyramid>) -> tensor<1x1x128x16xf32, #pyramid> {
  // expected-error @+1 {{'lighthouse.coarse' op expects to be fused into a kernel, but is no stage}}
  %0 = lighthouse.coarse %p : tensor<1x1x384x16xf32, #pyramid>
  return %0 : tensor<1x1x128x16xf32, #pyramid>
}

// -----

// expected-error @+1 {{expects a body of one block}}
func.func @blocks(%q: tensor<1x1x100x16xf32>) -> tensor<1x1x100x16xf32> {
  cf.br ^next
^next:
  return %q : tensor<1x1x100x16xf32>
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 256, padded_len = 256, num_levels = 2, pooling_factor = 2>
!q = tensor<1x1x256x16xf32>
func.func @pyramid(%q: !q) -> tensor<1x1x384x16xf32, #pyramid> {
  %pq, %pk, %pv = lighthouse.pool %q, %q, %q {num_levels = 2, pooling_factor = 2} : !q, !q, !q
  // expected-error @+1 {{'func.return' op expects no whole pyramid among the results, as kernels write levels 1 and up only, but got one of type 'tensor<1x1x384x16xf32,}}
  return %pq : tensor<1x1x384x16xf32, #pyramid>
}
