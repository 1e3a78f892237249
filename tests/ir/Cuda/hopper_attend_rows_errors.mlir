// SPDX-License-Identifier: Apache-2.0
// Attention that gathers its rows has two places for what it keeps, and reads stacks.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile="arch=sm_90a" -verify-diagnostics -split-input-file

#pyramid = #lighthouse.pyramid<seq_len = 500, padded_len = 512, num_levels = 2, pooling_factor = 2>
!selection = tensor<1x4x384xi32, #pyramid>
!scores = tensor<1x4x384xf32>
!q_one_stage = tensor<1x4x500x64xbf16>
!k_one_stage = tensor<1x2x500x64xbf16>
!cq_one_stage = tensor<1x4x256x64xbf16, #pyramid>
!ck_one_stage = tensor<1x2x256x64xbf16, #pyramid>
!pq_one_stage = tensor<1x4x768x64xbf16, #pyramid>
!pk_one_stage = tensor<1x2x768x64xbf16, #pyramid>
!rows_one_stage = tensor<1x4x384x64xbf16>

func.func @one_stage(%q: !q_one_stage {lighthouse.strided}, %cq: !cq_one_stage, %k: !k_one_stage {lighthouse.strided}, %ck: !ck_one_stage, %sel: !selection) {
  // expected-error @+1 {{expects schedule parameter stages from 2 to 8 where attention keeps the rows that it fetches, but got 1}}
  %0:5 = lighthouse.kernel "attend" reads(%a = %q, %b = %cq, %c = %k, %d = %ck, %s = %sel) attributes {schedule = {stages = 1}} : (!q_one_stage, !cq_one_stage, !k_one_stage, !ck_one_stage, !selection) -> (!rows_one_stage, !scores, !rows_one_stage, !rows_one_stage, !rows_one_stage) {
    %pq = lighthouse.stack %a, %b : !q_one_stage, !cq_one_stage
    %pk = lighthouse.stack %c, %d : !k_one_stage, !ck_one_stage
    %qs, %ks, %vs = lighthouse.gather %pq, %pk, %pk[%s] : !pq_one_stage, !pk_one_stage, !pk_one_stage, !selection
    %os, %lse = lighthouse.attend %qs, %ks, %vs {scale = 0.25 : f32} : !rows_one_stage, !rows_one_stage, !rows_one_stage
    lighthouse.yield %os, %lse, %qs, %ks, %vs : !rows_one_stage, !scores, !rows_one_stage, !rows_one_stage, !rows_one_stage
  }
  return
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 500, padded_len = 512, num_levels = 2, pooling_factor = 2>
!selection = tensor<1x4x384xi32, #pyramid>
!scores = tensor<1x4x384xf32>
!q_pyramid = tensor<1x4x500x64xbf16>
!k_pyramid = tensor<1x2x500x64xbf16>
!cq_pyramid = tensor<1x4x256x64xbf16, #pyramid>
!ck_pyramid = tensor<1x2x256x64xbf16, #pyramid>
!pq_pyramid = tensor<1x4x768x64xbf16, #pyramid>
!pk_pyramid = tensor<1x2x768x64xbf16, #pyramid>
!rows_pyramid = tensor<1x4x384x64xbf16>

func.func @pyramid(%q: !pq_pyramid, %k: !pk_pyramid, %sel: !selection) {
  %0:2 = lighthouse.kernel "attend" reads(%pq = %q, %pk = %k, %s = %sel) : (!pq_pyramid, !pk_pyramid, !selection) -> (!rows_pyramid, !scores) {
    // expected-error @+1 {{expects a pyramid to be a lighthouse.stack of its tokens and coarse levels, but got <block argument>}}
    %qs, %ks, %vs = lighthouse.gather %pq, %pk, %pk[%s] : !pq_pyramid, !pk_pyramid, !pk_pyramid, !selection
    %os, %lse = lighthouse.attend %qs, %ks, %vs {scale = 0.25 : f32} : !rows_pyramid, !rows_pyramid, !rows_pyramid
    lighthouse.yield %os, %lse : !rows_pyramid, !scores
  }
  return
}
