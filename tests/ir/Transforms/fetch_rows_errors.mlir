// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -lighthouse-fetch-rows=head-dim=8 -verify-diagnostics -split-input-file

#pyramid = #lighthouse.pyramid<seq_len = 500, padded_len = 512, num_levels = 2, pooling_factor = 2>
!q = tensor<1x2x500x16xbf16>
!coarse = tensor<1x2x256x16xbf16, #pyramid>
!pyramid = tensor<1x2x768x16xbf16, #pyramid>
!rows = tensor<1x2x384x16xbf16>
!selection = tensor<1x2x384xi32, #pyramid>
func.func @f(%q: !q, %cq: !coarse, %sel: !selection) -> !rows {
  %0:3 = lighthouse.kernel "gather" reads(%a = %q, %b = %cq, %s = %sel) : (!q, !coarse, !selection) -> (!rows, !rows, !rows) {
    %p = lighthouse.stack %a, %b : !q, !coarse
    %qs, %ks, %vs = lighthouse.gather %p, %p, %p[%s] : !pyramid, !pyramid, !pyramid, !selection
    lighthouse.yield %qs, %ks, %vs : !rows, !rows, !rows
  }
  // expected-error @+1 {{expects schedule parameter gather to be 1 (rows copied by a kernel) or 2 (rows fetched by attention), but got 3 : i64}}
  %1 = lighthouse.kernel "attend" reads(%a = %0#0, %b = %0#1, %c = %0#2) attributes {schedule = {gather = 3}} : (!rows, !rows, !rows) -> !rows {
    %os, %lse = lighthouse.attend %a, %b, %c {scale = 0.25 : f32} : !rows, !rows, !rows
    lighthouse.yield %os : !rows
  }
  return %1 : !rows
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 500, padded_len = 512, num_levels = 2, pooling_factor = 2>
!q = tensor<1x2x500x16xbf16>
!coarse = tensor<1x2x256x16xbf16, #pyramid>
!pyramid = tensor<1x2x768x16xbf16, #pyramid>
!rows = tensor<1x2x384x16xbf16>
!selection = tensor<1x2x384xi32, #pyramid>
func.func @f(%q: !q, %cq: !coarse, %sel: !selection) -> !rows {
  %0:3 = lighthouse.kernel "gather" reads(%a = %q, %b = %cq, %s = %sel) : (!q, !coarse, !selection) -> (!rows, !rows, !rows) {
    %p = lighthouse.stack %a, %b : !q, !coarse
    %qs, %ks, %vs = lighthouse.gather %p, %p, %p[%s] : !pyramid, !pyramid, !pyramid, !selection
    lighthouse.yield %qs, %ks, %vs : !rows, !rows, !rows
  }
  // expected-error @+1 {{expects schedule parameter gather to be 1 (rows copied by a kernel) or 2 (rows fetched by attention), but got 0 : i64}}
  %1 = lighthouse.kernel "attend" reads(%a = %0#0, %b = %0#1, %c = %0#2) attributes {schedule = {gather = 0}} : (!rows, !rows, !rows) -> !rows {
    %os, %lse = lighthouse.attend %a, %b, %c {scale = 0.25 : f32} : !rows, !rows, !rows
    lighthouse.yield %os : !rows
  }
  return %1 : !rows
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 500, padded_len = 512, num_levels = 2, pooling_factor = 2>
!q = tensor<1x2x500x16xbf16>
!coarse = tensor<1x2x256x16xbf16, #pyramid>
!pyramid = tensor<1x2x768x16xbf16, #pyramid>
!rows = tensor<1x2x384x16xbf16>
!selection = tensor<1x2x384xi32, #pyramid>
func.func @f(%q: !q, %cq: !coarse, %sel: !selection) -> !rows {
  %0:3 = lighthouse.kernel "gather" reads(%a = %q, %b = %cq, %s = %sel) : (!q, !coarse, !selection) -> (!rows, !rows, !rows) {
    %p = lighthouse.stack %a, %b : !q, !coarse
    %qs, %ks, %vs = lighthouse.gather %p, %p, %p[%s] : !pyramid, !pyramid, !pyramid, !selection
    lighthouse.yield %qs, %ks, %vs : !rows, !rows, !rows
  }
  // expected-error @+1 {{expects schedule parameter gather to be 1 (rows copied by a kernel) or 2 (rows fetched by attention), but got "yes"}}
  %1 = lighthouse.kernel "attend" reads(%a = %0#0, %b = %0#1, %c = %0#2) attributes {schedule = {gather = "yes"}} : (!rows, !rows, !rows) -> !rows {
    %os, %lse = lighthouse.attend %a, %b, %c {scale = 0.25 : f32} : !rows, !rows, !rows
    lighthouse.yield %os : !rows
  }
  return %1 : !rows
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 500, padded_len = 512, num_levels = 2, pooling_factor = 2>
!q = tensor<1x2x500x16xbf16>
!coarse = tensor<1x2x256x16xbf16, #pyramid>
!pyramid = tensor<1x2x768x16xbf16, #pyramid>
!rows = tensor<1x2x384x16xbf16>
!selection = tensor<1x2x384xi32, #pyramid>
func.func @f(%q: !q, %cq: !coarse, %sel: !selection) -> !rows {
  %0:3 = lighthouse.kernel "gather" reads(%a = %q, %b = %cq, %s = %sel) : (!q, !coarse, !selection) -> (!rows, !rows, !rows) {
    %p = lighthouse.stack %a, %b : !q, !coarse
    %qs, %ks, %vs = lighthouse.gather %p, %p, %p[%s] : !pyramid, !pyramid, !pyramid, !selection
    lighthouse.yield %qs, %ks, %vs : !rows, !rows, !rows
  }
  // expected-error @+1 {{expects heads of at most 8 elements of 16 bits to fetch rows, but got 'tensor<1x2x384x16xbf16>'}}
  %1 = lighthouse.kernel "attend" reads(%a = %0#0, %b = %0#1, %c = %0#2) attributes {schedule = {gather = 2}} : (!rows, !rows, !rows) -> !rows {
    %os, %lse = lighthouse.attend %a, %b, %c {scale = 0.25 : f32} : !rows, !rows, !rows
    lighthouse.yield %os : !rows
  }
  return %1 : !rows
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 500, padded_len = 512, num_levels = 2, pooling_factor = 2>
!q = tensor<1x2x500x16xf32>
!coarse = tensor<1x2x256x16xf32, #pyramid>
!pyramid = tensor<1x2x768x16xf32, #pyramid>
!rows = tensor<1x2x384x16xf32>
!selection = tensor<1x2x384xi32, #pyramid>
func.func @f(%q: !q, %cq: !coarse, %sel: !selection) -> !rows {
  %0:3 = lighthouse.kernel "gather" reads(%a = %q, %b = %cq, %s = %sel) : (!q, !coarse, !selection) -> (!rows, !rows, !rows) {
    %p = lighthouse.stack %a, %b : !q, !coarse
    %qs, %ks, %vs = lighthouse.gather %p, %p, %p[%s] : !pyramid, !pyramid, !pyramid, !selection
    lighthouse.yield %qs, %ks, %vs : !rows, !rows, !rows
  }
  // expected-error @+1 {{expects heads of at most 8 elements of 16 bits to fetch rows, but got 'tensor<1x2x384x16xf32>'}}
  %1 = lighthouse.kernel "attend" reads(%a = %0#0, %b = %0#1, %c = %0#2) attributes {schedule = {gather = 2}} : (!rows, !rows, !rows) -> !rows {
    %os, %lse = lighthouse.attend %a, %b, %c {scale = 0.25 : f32} : !rows, !rows, !rows
    lighthouse.yield %os : !rows
  }
  return %1 : !rows
}
