// SPDX-License-Identifier: Apache-2.0
// Attention takes in the kernel that gathers its rows, where its schedule says so.
// RUN: lighthouse-opt %s -lighthouse-fetch-rows=head-dim=128 -split-input-file | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 500, padded_len = 512, num_levels = 2, pooling_factor = 2>
!q = tensor<1x2x500x16xbf16>
!coarse = tensor<1x2x256x16xbf16, #pyramid>
!pyramid = tensor<1x2x768x16xbf16, #pyramid>
!rows = tensor<1x2x384x16xbf16>
!selection = tensor<1x2x384xi32, #pyramid>
!scores = tensor<1x2x384xf32>

// What nothing else reads is not written.
// CHECK-LABEL: func.func @fetched(
// CHECK-SAME: %[[Q:.+]]: tensor<1x2x500x16xbf16>, %[[CQ:.+]]: tensor<1x2x256x16xbf16, #pyramid>, %[[SEL:.+]]: tensor<1x2x384xi32, #pyramid>)
// CHECK-NEXT: %[[R0:.+]], %[[R1:.+]], %[[R2:.+]] = lighthouse.kernel "attend" reads(%[[A:.+]] = %[[Q]], %[[B:.+]] = %[[CQ]], %[[S:.+]] = %[[SEL]]) attributes {schedule = {stages = 3 : i64}} : {{.+}} -> (tensor<1x2x384x16xbf16>, tensor<1x2x384xf32>, tensor<1x2x384x16xbf16>) {
// CHECK-NEXT: %[[P:.+]] = lighthouse.stack %[[A]], %[[B]]
// CHECK-NEXT: %[[QS:.+]], %[[KS:.+]], %[[VS:.+]] = lighthouse.gather %[[P]], %[[P]], %[[P]][%[[S]]]
// CHECK-NEXT: %[[OS:.+]], %[[LSE:.+]] = lighthouse.attend %[[QS]], %[[KS]], %[[VS]]
// CHECK-NEXT: lighthouse.yield %[[OS]], %[[LSE]], %[[KS]]
// CHECK: return %[[R0]], %[[R1]], %[[R2]]
func.func @fetched(%q: !q, %cq: !coarse, %sel: !selection) -> (!rows, !scores, !rows) {
  %0:3 = lighthouse.kernel "gather" reads(%a = %q, %b = %cq, %s = %sel) : (!q, !coarse, !selection) -> (!rows, !rows, !rows) {
    %p = lighthouse.stack %a, %b : !q, !coarse
    %qs, %ks, %vs = lighthouse.gather %p, %p, %p[%s] : !pyramid, !pyramid, !pyramid, !selection
    lighthouse.yield %qs, %ks, %vs : !rows, !rows, !rows
  }
  %1:2 = lighthouse.kernel "attend" reads(%a = %0#0, %b = %0#1, %c = %0#2) attributes {schedule = {gather = 2, stages = 3}} : (!rows, !rows, !rows) -> (!rows, !scores) {
    %os, %lse = lighthouse.attend %a, %b, %c {scale = 0.25 : f32} : !rows, !rows, !rows
    lighthouse.yield %os, %lse : !rows, !scores
  }
  return %1#0, %1#1, %0#1 : !rows, !scores, !rows
}

// CHECK-LABEL: func.func @copied
// CHECK: lighthouse.kernel "gather"
// CHECK: lighthouse.kernel "attend" {{.+}} attributes {schedule = {}}
func.func @copied(%q: !q, %cq: !coarse, %sel: !selection) -> !rows {
  %0:3 = lighthouse.kernel "gather" reads(%a = %q, %b = %cq, %s = %sel) : (!q, !coarse, !selection) -> (!rows, !rows, !rows) {
    %p = lighthouse.stack %a, %b : !q, !coarse
    %qs, %ks, %vs = lighthouse.gather %p, %p, %p[%s] : !pyramid, !pyramid, !pyramid, !selection
    lighthouse.yield %qs, %ks, %vs : !rows, !rows, !rows
  }
  %1 = lighthouse.kernel "attend" reads(%a = %0#0, %b = %0#1, %c = %0#2) attributes {schedule = {gather = 1}} : (!rows, !rows, !rows) -> !rows {
    %os, %lse = lighthouse.attend %a, %b, %c {scale = 0.25 : f32} : !rows, !rows, !rows
    lighthouse.yield %os : !rows
  }
  return %1 : !rows
}

// One level has nothing to gather.
// CHECK-LABEL: func.func @one_level
// CHECK: lighthouse.kernel "attend" reads(%{{.+}} = %{{.+}}) attributes {schedule = {}}
func.func @one_level(%q: !rows) -> !rows {
  %1 = lighthouse.kernel "attend" reads(%a = %q) attributes {schedule = {gather = 2}} : (!rows) -> !rows {
    %os, %lse = lighthouse.attend %a, %a, %a {scale = 0.25 : f32} : !rows, !rows, !rows
    lighthouse.yield %os : !rows
  }
  return %1 : !rows
}
