// SPDX-License-Identifier: Apache-2.0
// Attention that gathers its rows: a warpgroup fetches them. What it gathers it sends to where others read it.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile="arch=sm_90a" -cse | FileCheck %s

#pyramid = #lighthouse.pyramid<seq_len = 500, padded_len = 512, num_levels = 2, pooling_factor = 2>
!selection = tensor<1x4x384xi32, #pyramid>
!scores = tensor<1x4x384xf32>
!q_wide = tensor<1x4x500x128xbf16>
!k_wide = tensor<1x2x500x128xbf16>
!cq_wide = tensor<1x4x256x128xbf16, #pyramid>
!ck_wide = tensor<1x2x256x128xbf16, #pyramid>
!pq_wide = tensor<1x4x768x128xbf16, #pyramid>
!pk_wide = tensor<1x2x768x128xbf16, #pyramid>
!rows_wide = tensor<1x4x384x128xbf16>
!q_kept = tensor<1x4x500x64xbf16>
!k_kept = tensor<1x2x500x64xbf16>
!cq_kept = tensor<1x4x256x64xbf16, #pyramid>
!ck_kept = tensor<1x2x256x64xbf16, #pyramid>
!pq_kept = tensor<1x4x768x64xbf16, #pyramid>
!pk_kept = tensor<1x2x768x64xbf16, #pyramid>
!rows_kept = tensor<1x4x384x64xbf16>

// Two query heads share the keys of one. Numbers of a block's rows are read a block ahead.
// CHECK-LABEL: tile.kernel @wide_attend(
// CHECK-SAME: %[[Q:[^:]+]]: !tile.view<1x4x500x128xbf16, strided>, %[[CQ:[^:]+]]: !tile.view<1x4x256x128xbf16>, %[[K:[^:]+]]: !tile.view<1x2x500x128xbf16, strided>, %[[CK:[^:]+]]: !tile.view<1x2x256x128xbf16>, %[[SEL:[^:]+]]: !tile.view<1x4x384xi32>,
// CHECK-SAME: blocks 12 threads 384
// CHECK: %[[RING_Q:.+]] = tile.ring readers 1 : <2, <64x128xbf16, panels>>
// CHECK: %[[RING_K:.+]] = tile.ring readers 2 : <2, <128x128xbf16, panels>>
// CHECK: %[[RING_V:.+]] = tile.ring readers 2 : <2, <128x128xbf16, panels>>
// CHECK: tile.roles threads [128, 256] registers [40, 232] {
// CHECK: %[[INSIDE:.+]] = arith.cmpi slt
// CHECK: %[[LOADED:.+]] = tile.load %[[SEL]][%[[B:.+]], %[[H:.+]], %{{.+}}] mask %[[INSIDE]]
// CHECK: %[[ENTRIES:.+]] = arith.select %[[INSIDE]], %[[LOADED]], %cst{{.*}}
// CHECK: %[[KEY_HEAD:.+]] = arith.divui %[[H]], %c2_i32
// CHECK: tile.fetch_rows %[[K]], %[[CK]][%[[B]], %[[KEY_HEAD]]] rows %[[ENTRIES]] split 512, %[[RING_K]][%c0_i32]
// CHECK: tile.fetch_rows %[[Q]], %[[CQ]][%[[B]], %[[H]]] rows %{{.+}} split 512, %[[RING_Q]][%c0_i32]
// CHECK: tile.fetch_rows %[[Q]], %[[CQ]][%[[B]], %[[H]]] rows %{{.+}} split 512, %[[RING_Q]][%c1_i32]
// CHECK: scf.for %[[N:[^ ]+]] = %c0_i32 to %[[END:[^ ]+]] step {{.+}} iter_args(%[[NOW:.+]] = %[[ENTRIES]], %[[THEN:.+]] = %{{.+}}) ->
// CHECK: %[[NEXT:.+]] = arith.addi %[[N]], %c1_i32
// CHECK: tile.load %[[SEL]]
// CHECK: %[[LATER:.+]] = arith.select
// CHECK: %[[IS_MORE:.+]] = arith.cmpi slt, %[[NEXT]], %[[END]]
// CHECK: scf.if %[[IS_MORE]] {
// CHECK-NEXT: tile.fetch_rows %[[K]], %[[CK]]{{.+}} rows %[[THEN]] split 512, %[[RING_K]][%[[NEXT]]]
// CHECK: tile.fetch_rows %[[K]], %[[CK]]{{.+}} rows %[[NOW]] split 512, %[[RING_V]][%[[N]]]
// CHECK: scf.yield %[[THEN]], %[[LATER]]
// CHECK-NOT: tile.fetch
// CHECK: tile.commit
// CHECK-NEXT: tile.wait
// One send: the outputs.
// CHECK: tile.send
// CHECK-NOT: tile.send
func.func @wide(%q: !q_wide {lighthouse.strided}, %cq: !cq_wide, %k: !k_wide {lighthouse.strided}, %ck: !ck_wide, %sel: !selection) {
  %0:2 = lighthouse.kernel "attend" reads(%a = %q, %b = %cq, %c = %k, %d = %ck, %s = %sel) : (!q_wide, !cq_wide, !k_wide, !ck_wide, !selection) -> (!rows_wide, !scores) {
    %pq = lighthouse.stack %a, %b : !q_wide, !cq_wide
    %pk = lighthouse.stack %c, %d : !k_wide, !ck_wide
    %qs, %ks, %vs = lighthouse.gather %pq, %pk, %pk[%s] : !pq_wide, !pk_wide, !pk_wide, !selection
    %os, %lse = lighthouse.attend %qs, %ks, %vs {scale = 0.25 : f32} : !rows_wide, !rows_wide, !rows_wide
    lighthouse.yield %os, %lse : !rows_wide, !scores
  }
  return
}

// Queries when they are there, keys and values of the blocks with a mask, before these are released.
// CHECK-LABEL: tile.kernel @kept_attend(
// CHECK-SAME: %[[OS:[^:]+]]: !tile.view<1x4x384x64xbf16>, %{{[^:]+}}: !tile.view<1x4x384xf32>, %[[QS:[^:]+]]: !tile.view<1x4x384x64xbf16>, %[[KS:[^:]+]]: !tile.view<1x4x384x64xbf16>, %[[VS:[^:]+]]: !tile.view<1x4x384x64xbf16>) blocks 8 threads 512
// CHECK: tile.roles threads [128, 384] registers [32, 160] {
// CHECK: %[[QUERIES:.+]] = tile.receive
// CHECK-NEXT: tile.send %[[QUERIES]], %[[QS]]
// CHECK: %[[KEYS:.+]] = tile.receive %[[RING_K:.+]][%c0_i32]
// CHECK: %[[VALUES:.+]] = tile.receive %[[RING_V:.+]][%c0_i32]
// CHECK: scf.if
// CHECK-NEXT: tile.send %[[KEYS]], %[[KS]]
// CHECK-NEXT: tile.send %[[VALUES]], %[[VS]]
// CHECK: tile.drain
// CHECK-NEXT: tile.release %[[RING_K]][%c0_i32]
// CHECK: scf.for %[[I:[^ ]+]] =
// CHECK: %[[KEYS:.+]] = tile.receive %[[RING_K]][%[[I]]]
// CHECK: tile.release %[[RING_V]]
// CHECK: %[[VALUES:.+]] = tile.receive %[[RING_V]][%[[I]]]
// CHECK: tile.send %[[KEYS]], %[[KS]]
// CHECK-NEXT: tile.send %[[VALUES]], %[[VS]]
// CHECK: tile.drain
// CHECK-NEXT: tile.release %[[RING_K]][%[[I]]]
// CHECK: scf.for
// CHECK-NOT: tile.send
// The outputs go to the place of the queries.
// CHECK: tile.drain
// CHECK: tile.write %{{.+}}, %[[QUERIES]]
// CHECK: tile.send %[[QUERIES]], %[[OS]]
func.func @kept(%q: !q_kept {lighthouse.strided}, %cq: !cq_kept, %k: !k_kept {lighthouse.strided}, %ck: !ck_kept, %sel: !selection) {
  %0:5 = lighthouse.kernel "attend" reads(%a = %q, %b = %cq, %c = %k, %d = %ck, %s = %sel) : (!q_kept, !cq_kept, !k_kept, !ck_kept, !selection) -> (!rows_kept, !scores, !rows_kept, !rows_kept, !rows_kept) {
    %pq = lighthouse.stack %a, %b : !q_kept, !cq_kept
    %pk = lighthouse.stack %c, %d : !k_kept, !ck_kept
    %qs, %ks, %vs = lighthouse.gather %pq, %pk, %pk[%s] : !pq_kept, !pk_kept, !pk_kept, !selection
    %os, %lse = lighthouse.attend %qs, %ks, %vs {scale = 0.25 : f32} : !rows_kept, !rows_kept, !rows_kept
    lighthouse.yield %os, %lse, %qs, %ks, %vs : !rows_kept, !scores, !rows_kept, !rows_kept, !rows_kept
  }
  return
}
