// SPDX-License-Identifier: Apache-2.0
// Attention's backward for sm_90a: a block has 128 keys, 64 a warpgroup, and goes through the queries that see them.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile="arch=sm_90a" -cse | FileCheck %s

// 1001 keys in 8 runs; the first keys, which the most queries see, first. Rows of lse and delta are not aligned: they are fetched up to 3 elements early.
// CHECK-LABEL: tile.kernel @wide_attend_backward_joined(
// CHECK-SAME: %[[Q:[^:]+]]: !tile.view<1x4x1001x128xbf16>, %[[K:[^:]+]]: !tile.view<1x2x1001x128xbf16>, %[[V:[^:]+]]: !tile.view<1x2x1001x128xbf16>, %[[LSE:[^:]+]]: !tile.view<1x4x1001xf32>, %[[DELTA:[^:]+]]: !tile.view<1x4x1001xf32>, %[[DO:[^:]+]]: !tile.view<1x4x1001x128xbf16>,
// CHECK-SAME: %[[DQ:[^:]+]]: !tile.view<1x4x1001x128xf32>, %[[DK:[^:]+]]: !tile.view<1x2x1001x128xf32>, %[[DV:[^:]+]]: !tile.view<1x2x1001x128xf32>) blocks 32 threads 384
// CHECK: %[[FIRST:.+]] = arith.muli %{{.+}}, %c128_i32
// CHECK: %[[BEGIN:.+]] = arith.divui %[[FIRST]], %c64_i32
// CHECK: %[[RING_K:.+]] = tile.ring readers 2 : <2, <64x128xbf16, panels>>
// CHECK: %[[RING_V:.+]] = tile.ring readers 2 : <2, <64x128xbf16, panels>>
// CHECK: %[[RING_Q:.+]] = tile.ring readers 2 : <2, <64x128xbf16, panels>>
// CHECK: %[[RING_DO:.+]] = tile.ring readers 2 : <2, <64x128xbf16, panels>>
// CHECK: %[[RING_LSE:.+]] = tile.ring readers 2 along %[[RING_Q]] : <2, <68xf32>>
// CHECK: %[[RING_DELTA:.+]] = tile.ring readers 2 along %[[RING_DO]] : <2, <68xf32>>
// CHECK-COUNT-4: tile.alloc : <64x64xbf16, panels>
// CHECK-COUNT-2: tile.alloc : <64x64xf32, panels>
// CHECK: tile.roles threads [1, 256] registers [24, 240] {
// CHECK: tile.fetch %[[K]][%{{.+}}], %[[RING_K]][%c0_i32]
// CHECK: tile.fetch %[[V]][%{{.+}}], %[[RING_V]][%c0_i32]
// CHECK: tile.fetch %[[K]][%{{.+}}], %[[RING_K]][%c1_i32]
// CHECK: tile.fetch %[[V]][%{{.+}}], %[[RING_V]][%c1_i32]
// CHECK: scf.for %{{.+}} = %[[BEGIN]] to %c16_i32
// CHECK: %[[N:.+]] = arith.subi
// CHECK: %[[QUERY:.+]] = arith.muli %{{.+}}, %c64_i32
// CHECK: tile.fetch %[[Q]][%{{.+}}, %[[QUERY]]], %[[RING_Q]][%[[N]]]
// CHECK: %[[EARLY:.+]] = arith.andi %{{.+}}, %c3_i32
// CHECK: %[[FROM:.+]] = arith.subi %[[QUERY]], %[[EARLY]]
// CHECK: tile.fetch %[[LSE]][%{{.+}}, %[[FROM]]], %[[RING_LSE]][%[[N]]]
// CHECK: tile.fetch %[[DO]][%{{.+}}, %[[QUERY]]], %[[RING_DO]][%[[N]]]
// CHECK: tile.fetch %[[DELTA]][%{{.+}}, %[[FROM]]], %[[RING_DELTA]][%[[N]]]
// CHECK: }, {
// CHECK-COUNT-2: tile.receive %[[RING_K]]
// CHECK: tile.receive %[[RING_V]]
// Runs of queries across the diagonal.
// CHECK: scf.for %{{.+}} = %[[BEGIN]] to %[[OPEN:.+]] step
// CHECK: %[[QUERIES:.+]] = tile.receive %[[RING_Q]][%[[N:.+]]] :
// CHECK: %[[S:.+]] = tile.dot_async %{{.+}}, %[[QUERIES]] b_transposed
// CHECK: %[[OUTPUTS:.+]] = tile.receive %[[RING_DO]][%[[N]]]
// CHECK: %[[DP:.+]] = tile.dot_async %{{.+}}, %[[OUTPUTS]] b_transposed
// CHECK: %[[NUMBERS:.+]] = tile.receive %[[RING_LSE]][%[[N]]]
// CHECK: tile.read %[[NUMBERS]] from %{{.+}} : (!tile.shared<68xf32>, i32) -> tensor<64xf32, #a_column>
// CHECK: tile.await %[[S]]
// Queries behind the end have no weight.
// CHECK: arith.cmpi slt, %{{.+}}, %{{.+}} : tensor<64xi32, #a_column>
// CHECK: math.exp2
// CHECK: tile.keep upper
// CHECK: tile.await %[[DP]]
// CHECK: %[[DS:.+]] = arith.truncf
// CHECK: %[[P:.+]] = arith.truncf
// CHECK: tile.write %[[DS]], %{{.+}} : (tensor<64x64xbf16, #mma>, !tile.shared<64x64xbf16, panels>)
// CHECK: tile.publish
// CHECK: %[[PENDING_DV:.+]] = tile.dot_async %[[P]], %[[OUTPUTS]], %{{.+}} : (tensor<64x64xbf16, #mma>, !tile.shared<64x128xbf16, panels>, tensor<64x128xf32, #mma>)
// CHECK: tile.drain
// CHECK: tile.meet %c1_i32{{[^ ]*}} threads 256
// dQ of both warpgroups' keys, 64 columns a warpgroup.
// CHECK: %[[A:.+]] = tile.dot_async %{{.+}} a_transposed, %{{.+}} : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>)
// CHECK: %[[PENDING_DQ:.+]] = tile.dot_async %{{.+}} a_transposed, %{{.+}}, %[[A]] :
// CHECK: tile.await %[[PENDING_DV]]
// CHECK: tile.release %[[RING_DO]][%[[N]]]
// CHECK: %[[PENDING_DK:.+]] = tile.dot_async %[[DS]], %[[QUERIES]], %{{.+}}
// CHECK: tile.await %[[PENDING_DQ]]
// CHECK: tile.write %{{.+}}, %[[STAGED:.+]] : (tensor<64x64xf32, #mma>, !tile.shared<64x64xf32, panels>)
// CHECK: tile.publish
// CHECK: tile.meet %{{.+}} threads 128
// CHECK: tile.send add %[[STAGED]], %[[DQ]][%{{[^,]+}}, %{{[^,]+}}, %{{[^,]+}}, %{{[^,]+}}]
// CHECK: tile.await %[[PENDING_DK]]
// CHECK: tile.release %[[RING_Q]][%[[N]]]
// CHECK: scf.yield
// Then those that see all keys, without a mask, and the last, which has fewer queries.
// CHECK: scf.for %{{.+}} = %[[OPEN]] to %[[WHOLE:.+]] step
// CHECK-NOT: tile.keep
// CHECK-NOT: arith.cmpi
// CHECK: scf.yield
// CHECK: scf.for %{{.+}} = %[[WHOLE]] to %c16_i32
// CHECK: tile.keep upper
// The gradients of keys and values leave through the memory of those of queries, 64 columns of float32 at a time. Two query heads share the keys, and add.
// CHECK: %[[TO:.+]] = tile.alias %{{.+}} : <64x64xf32, panels> to <64x64xf32, panels>
// CHECK: tile.drain
// CHECK: tile.meet %[[OWN:.+]] threads 128
// CHECK: %[[LEFT:.+]] = tile.columns %{{.+}}[0] : tensor<64x128xf32, #mma> to tensor<64x64xf32, #mma>
// CHECK: tile.write %[[LEFT]], %[[TO]]
// CHECK: tile.publish
// CHECK: tile.meet %[[OWN]] threads 128
// CHECK: tile.send add %[[TO]], %[[DK]][%{{[^,]+}}, %{{[^,]+}}, %{{[^,]+}}, %c0_i32{{[^,]*}}]
// CHECK: tile.columns %{{.+}}[64]
// CHECK: tile.send add %[[TO]], %[[DK]][%{{[^,]+}}, %{{[^,]+}}, %{{[^,]+}}, %c64_i32{{[^,]*}}]
// CHECK-COUNT-2: tile.send add %{{.+}}, %[[DV]][
// CHECK: tile.drain
func.func @wide(%qs: tensor<1x4x1001x128xbf16>, %ks: tensor<1x2x1001x128xbf16>, %vs: tensor<1x2x1001x128xbf16>, %lses: tensor<1x4x1001xf32>, %deltas: tensor<1x4x1001xf32>, %dos: tensor<1x4x1001x128xbf16>) {
  %0:3 = lighthouse.kernel "attend_backward_joined" reads(%q = %qs, %k = %ks, %v = %vs, %lse = %lses, %delta = %deltas, %do = %dos) : (tensor<1x4x1001x128xbf16>, tensor<1x2x1001x128xbf16>, tensor<1x2x1001x128xbf16>, tensor<1x4x1001xf32>, tensor<1x4x1001xf32>, tensor<1x4x1001x128xbf16>) -> (tensor<1x4x1001x128xf32>, tensor<1x2x1001x128xf32>, tensor<1x2x1001x128xf32>) {
    %dq, %dk, %dv = lighthouse.attend_backward_joined %q, %k, %v, %lse, %delta, %do {scale = 0.25 : f32} : tensor<1x4x1001x128xbf16>, tensor<1x2x1001x128xbf16>, tensor<1x2x1001x128xbf16>, tensor<1x4x1001xf32>, tensor<1x4x1001xf32>, tensor<1x4x1001x128xbf16>
    lighthouse.yield %dq, %dk, %dv : tensor<1x4x1001x128xf32>, tensor<1x2x1001x128xf32>, tensor<1x2x1001x128xf32>
  }
  return
}

// Narrow heads: runs of 128 queries, and a warpgroup has the dQ of 64 of them. Whole runs and aligned rows.
// CHECK-LABEL: tile.kernel @narrow_attend_backward_joined(
// CHECK-SAME: %[[DQ:[^: ]+]]: !tile.view<1x2x1024x64xf32>, %{{[^:]+}}: !tile.view<1x2x1024x64xf32>, %{{[^:]+}}: !tile.view<1x2x1024x64xf32>) blocks 16 threads 384
// CHECK-COUNT-2: tile.ring readers 2 : <2, <64x64xf16, panels>>
// CHECK: %[[RING_Q:.+]] = tile.ring readers 2 : <2, <128x64xf16, panels>>
// CHECK: tile.ring readers 2 along %[[RING_Q]] : <2, <128xf32>>
// CHECK-COUNT-4: tile.alloc : <64x128xf16, panels>
// CHECK-NOT: arith.andi
// CHECK: }, {
// CHECK: tile.read %{{.+}} : (!tile.shared<128xf32>) -> tensor<128xf32, #a_column>
// CHECK: %[[PANEL:.+]] = tile.panel %{{.+}} : <64x128xf16, panels> to <64x64xf16, panels>
// CHECK: tile.dot_async %[[PANEL]] a_transposed, %{{.+}} : (!tile.shared<64x64xf16, panels>, !tile.shared<64x64xf16, panels>)
// CHECK: tile.send add %{{.+}}, %[[DQ]][%{{[^,]+}}, %{{[^,]+}}, %{{[^,]+}}, %c0_i32{{[^,]*}}]
// CHECK: scf.yield
// CHECK: scf.for
// CHECK-NOT: tile.keep
// CHECK: scf.yield
// CHECK-NOT: scf.for
// CHECK: tile.drain
func.func @narrow(%qs: tensor<1x2x1024x64xf16>, %ks: tensor<1x2x1024x64xf16>, %vs: tensor<1x2x1024x64xf16>, %lses: tensor<1x2x1024xf32>, %deltas: tensor<1x2x1024xf32>, %dos: tensor<1x2x1024x64xf16>) {
  %0:3 = lighthouse.kernel "attend_backward_joined" reads(%q = %qs, %k = %ks, %v = %vs, %lse = %lses, %delta = %deltas, %do = %dos) : (tensor<1x2x1024x64xf16>, tensor<1x2x1024x64xf16>, tensor<1x2x1024x64xf16>, tensor<1x2x1024xf32>, tensor<1x2x1024xf32>, tensor<1x2x1024x64xf16>) -> (tensor<1x2x1024x64xf32>, tensor<1x2x1024x64xf32>, tensor<1x2x1024x64xf32>) {
    %dq, %dk, %dv = lighthouse.attend_backward_joined %q, %k, %v, %lse, %delta, %do {scale = 0.25 : f32} : tensor<1x2x1024x64xf16>, tensor<1x2x1024x64xf16>, tensor<1x2x1024x64xf16>, tensor<1x2x1024xf32>, tensor<1x2x1024xf32>, tensor<1x2x1024x64xf16>
    lighthouse.yield %dq, %dk, %dv : tensor<1x2x1024x64xf32>, tensor<1x2x1024x64xf32>, tensor<1x2x1024x64xf32>
  }
  return
}

// Heads of 80 in two panels. 1000 rows are aligned, and end within a run.
// CHECK-LABEL: tile.kernel @eighty_attend_backward_joined(
// CHECK-SAME: blocks 8 threads 384
// CHECK: tile.ring readers 2 : <2, <64x128xbf16, panels>>
// CHECK: along %{{.+}} : <2, <64xf32>>
// CHECK: tile.send add %{{.+}} : <64x64xf32, panels>, <1x1x1000x80xf32>
func.func @eighty(%qs: tensor<1x1x1000x80xbf16>, %ks: tensor<1x1x1000x80xbf16>, %vs: tensor<1x1x1000x80xbf16>, %lses: tensor<1x1x1000xf32>, %deltas: tensor<1x1x1000xf32>, %dos: tensor<1x1x1000x80xbf16>) {
  %0:3 = lighthouse.kernel "attend_backward_joined" reads(%q = %qs, %k = %ks, %v = %vs, %lse = %lses, %delta = %deltas, %do = %dos) : (tensor<1x1x1000x80xbf16>, tensor<1x1x1000x80xbf16>, tensor<1x1x1000x80xbf16>, tensor<1x1x1000xf32>, tensor<1x1x1000xf32>, tensor<1x1x1000x80xbf16>) -> (tensor<1x1x1000x80xf32>, tensor<1x1x1000x80xf32>, tensor<1x1x1000x80xf32>) {
    %dq, %dk, %dv = lighthouse.attend_backward_joined %q, %k, %v, %lse, %delta, %do {scale = 0.25 : f32} : tensor<1x1x1000x80xbf16>, tensor<1x1x1000x80xbf16>, tensor<1x1x1000x80xbf16>, tensor<1x1x1000xf32>, tensor<1x1x1000xf32>, tensor<1x1x1000x80xbf16>
    lighthouse.yield %dq, %dk, %dv : tensor<1x1x1000x80xf32>, tensor<1x1x1000x80xf32>, tensor<1x1x1000x80xf32>
  }
  return
}

// Gradients in the keys' own elements: all columns at once.
// CHECK-LABEL: tile.kernel @own_attend_backward_joined(
// CHECK: tile.alias %{{.+}} : <64x64xf32, panels> to <64x128xbf16, panels>
// CHECK: arith.truncf %{{.+}} : tensor<64x128xf32, #mma> to tensor<64x128xbf16, #mma>
// CHECK: tile.send %{{.+}} : <64x128xbf16, panels>, <1x1x256x128xbf16>
// CHECK: tile.send %{{.+}} : <64x128xbf16, panels>, <1x1x256x128xbf16>
// CHECK: tile.drain
func.func @own(%qs: tensor<1x1x256x128xbf16>, %ks: tensor<1x1x256x128xbf16>, %vs: tensor<1x1x256x128xbf16>, %lses: tensor<1x1x256xf32>, %deltas: tensor<1x1x256xf32>, %dos: tensor<1x1x256x128xbf16>) {
  %0:3 = lighthouse.kernel "attend_backward_joined" reads(%q = %qs, %k = %ks, %v = %vs, %lse = %lses, %delta = %deltas, %do = %dos) : (tensor<1x1x256x128xbf16>, tensor<1x1x256x128xbf16>, tensor<1x1x256x128xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x128xbf16>) -> (tensor<1x1x256x128xf32>, tensor<1x1x256x128xbf16>, tensor<1x1x256x128xbf16>) {
    %dq, %dk, %dv = lighthouse.attend_backward_joined %q, %k, %v, %lse, %delta, %do narrow {scale = 0.25 : f32} : tensor<1x1x256x128xbf16>, tensor<1x1x256x128xbf16>, tensor<1x1x256x128xbf16>, tensor<1x1x256xf32>, tensor<1x1x256xf32>, tensor<1x1x256x128xbf16>
    lighthouse.yield %dq, %dk, %dv : tensor<1x1x256x128xf32>, tensor<1x1x256x128xbf16>, tensor<1x1x256x128xbf16>
  }
  return
}
