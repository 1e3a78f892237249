// SPDX-License-Identifier: Apache-2.0
// Attention for sm_90a: one thread fetches, two warpgroups of 64 queries take turns (three where heads are narrow). The last blocks of keys come first.
// RUN: lighthouse-opt %s -lighthouse-lower-kernels-to-tile="arch=sm_90a" -cse | FileCheck %s

// 1000 queries in 8 runs of 128. Two query heads share the keys of one.
// CHECK-LABEL: tile.kernel @wide_attend(
// CHECK-SAME: %[[Q:[^:]+]]: !tile.view<1x4x1000x128xbf16, strided>, %[[K:[^:]+]]: !tile.view<1x2x1000x128xbf16>, %[[V:[^:]+]]: !tile.view<1x2x1000x128xbf16>,
// CHECK-SAME: %[[OS:[^:]+]]: !tile.view<1x4x1000x128xbf16>, %[[LSE:[^:]+]]: !tile.view<1x4x1000xf32>) blocks 32 threads 384 programmatic {
// The run with the most keys first.
// CHECK: %[[RUN_BACK:.+]] = arith.subi %c7_i32, %{{.+}}
// CHECK: %[[FIRST:.+]] = arith.muli %[[RUN_BACK]], %c128_i32
// CHECK: %[[KV_HEAD:.+]] = arith.divui %[[HEAD:.+]], %c2_i32
// CHECK: %[[RING_Q:.+]] = tile.ring readers 1 : <2, <64x128xbf16, panels>>
// CHECK: %[[RING_K:.+]] = tile.ring readers 2 : <2, <128x128xbf16, panels>>
// CHECK: %[[RING_V:.+]] = tile.ring readers 2 : <2, <128x128xbf16, panels>>
// CHECK: %[[LAST_QUERY:.+]] = arith.minsi %{{.+}}, %c1000_i32
// CHECK: %[[END:.+]] = arith.divui
// CHECK: tile.roles threads [1, 256] registers [24, 240] {
// The thread that fetches: keys of a block before the values of the one before.
// CHECK: tile.fetch %[[K]][%{{.+}}, %[[KV_HEAD]], %{{.+}}], %[[RING_K]][%c0_i32]
// CHECK: tile.fetch %[[Q]][%{{.+}}, %[[HEAD]], %[[FIRST]]], %[[RING_Q]][%c0_i32]
// CHECK: tile.fetch %[[Q]][%{{.+}}, %[[HEAD]], %{{.+}}], %[[RING_Q]][%c1_i32]
// CHECK: scf.for %[[I:.+]] = %c0_i32 to %[[END]]
// CHECK: %[[NEXT:.+]] = arith.addi %[[I]], %c1_i32
// CHECK: scf.if
// CHECK: tile.fetch %[[K]][%{{.+}}], %[[RING_K]][%[[NEXT]]]
// CHECK: tile.fetch %[[V]][%{{.+}}], %[[RING_V]][%[[I]]]
// A warpgroup: the last one gives the first its turn.
// CHECK: }, {
// CHECK: scf.if
// CHECK: tile.signal %c1_i32{{[^ ]*}} threads 256
// CHECK: %[[QUERIES:.+]] = tile.receive %[[RING_Q]]
// The block of the diagonal.
// CHECK: %[[KEYS:.+]] = tile.receive %[[RING_K]][%c0_i32]
// CHECK: %[[S0:.+]] = tile.dot_async %[[QUERIES]], %[[KEYS]] b_transposed
// CHECK: tile.await %[[S0]]
// CHECK: tile.release %[[RING_K]][%c0_i32]
// CHECK: tile.keep lower
// Blocks that not all queries see the whole of: scores of a block and sums of the one before are multiplied at once.
// CHECK: scf.for %[[I:.+]] = %c1_i32{{[^ ]*}} to %[[OPEN:.+]] step {{.+}} -> (tensor<64x128xf32, #mma>, tensor<64xf32, #a_row>, tensor<64x8xf32, #mma>, tensor<64x128xbf16, #mma>)
// CHECK: %[[BEFORE:.+]] = arith.subi %[[I]], %c1_i32
// CHECK: tile.receive %[[RING_K]][%[[I]]]
// CHECK: tile.meet %[[TURN:.+]] threads 256
// CHECK: %[[S:.+]] = tile.dot_async %[[QUERIES]], %{{.+}} b_transposed
// CHECK: tile.receive %[[RING_V]][%[[BEFORE]]]
// CHECK: %[[O:.+]] = tile.dot_async %{{.+}}, %{{.+}}, %{{.+}} : (tensor<64x128xbf16, #mma>, !tile.shared<128x128xbf16, panels>, tensor<64x128xf32, #mma>)
// CHECK: tile.signal %{{.+}} threads 256
// CHECK: %[[SCORES:.+]] = tile.await %[[S]]
// CHECK: tile.release %[[RING_K]][%[[I]]]
// CHECK: tile.keep lower %[[SCORES]]
// CHECK: math.exp2
// CHECK: tile.reduce add %{{.+}} : tensor<64x128xf32, #mma> to tensor<64x8xf32, #mma>
// CHECK: tile.await %[[O]]
// CHECK: tile.release %[[RING_V]][%[[BEFORE]]]
// The weights become 16-bit when nothing is under way.
// CHECK: arith.truncf
// CHECK: scf.yield
// The rest without a mask.
// CHECK: scf.for %{{.+}} = %[[OPEN]] to %[[END]]
// CHECK-NOT: tile.keep
// CHECK: scf.yield
// The outputs take the queries' place.
// CHECK: tile.meet %[[OWN:.+]] threads 128
// CHECK: tile.write %{{.+}}, %[[QUERIES]]
// CHECK: tile.publish
// CHECK: tile.meet %[[OWN]] threads 128
// CHECK: tile.send %[[QUERIES]], %[[OS]][
// CHECK: tile.store %{{.+}}, %[[LSE]][{{.+}}] mask
// CHECK: tile.drain
func.func @wide(%qs: tensor<1x4x1000x128xbf16> {lighthouse.strided}, %ks: tensor<1x2x1000x128xbf16>, %vs: tensor<1x2x1000x128xbf16>) {
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) : (tensor<1x4x1000x128xbf16>, tensor<1x2x1000x128xbf16>, tensor<1x2x1000x128xbf16>) -> (tensor<1x4x1000x128xbf16>, tensor<1x4x1000xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<1x4x1000x128xbf16>, tensor<1x2x1000x128xbf16>, tensor<1x2x1000x128xbf16>
    lighthouse.yield %os, %lse : tensor<1x4x1000x128xbf16>, tensor<1x4x1000xf32>
  }
  return
}

// Three warpgroups: runs of 192 queries.
// CHECK-LABEL: tile.kernel @narrow_attend(
// CHECK-SAME: blocks 12 threads 512
// CHECK: tile.ring readers 1 : <3, <64x64xf16, panels>>
// CHECK: tile.ring readers 3 : <2, <128x64xf16, panels>>
// CHECK: tile.ring readers 3 : <2, <128x64xf16, panels>>
// CHECK: tile.roles threads [1, 384] registers [32, 160] {
// CHECK-COUNT-4: tile.fetch
// CHECK: tile.keep lower %{{.+}} : tensor<64x128xf32, #mma>
// CHECK: scf.for {{.+}} -> (tensor<64x64xf32, #mma>, tensor<64xf32, #a_row>, tensor<64x8xf32, #mma>, tensor<64x128xf16, #mma>)
func.func @narrow(%qs: tensor<1x2x1024x64xf16> {lighthouse.strided}, %ks: tensor<1x2x1024x64xf16>, %vs: tensor<1x2x1024x64xf16>) {
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) : (tensor<1x2x1024x64xf16>, tensor<1x2x1024x64xf16>, tensor<1x2x1024x64xf16>) -> (tensor<1x2x1024x64xf16>, tensor<1x2x1024xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<1x2x1024x64xf16>, tensor<1x2x1024x64xf16>, tensor<1x2x1024x64xf16>
    lighthouse.yield %os, %lse : tensor<1x2x1024x64xf16>, tensor<1x2x1024xf32>
  }
  return
}

// Heads of 80 fill a panel and a part of the second. Heads of 40 a part of one. Few rows are one run.
// CHECK-LABEL: tile.kernel @eighty_attend(
// CHECK-SAME: blocks 2 threads 384
// CHECK: tile.ring readers 2 : <2, <128x128xbf16, panels>>
// CHECK: tile.send %{{.+}} : <64x128xbf16, panels>, <2x1x100x80xbf16>
func.func @eighty(%qs: tensor<2x1x100x80xbf16> {lighthouse.strided}, %ks: tensor<2x1x100x80xbf16>, %vs: tensor<2x1x100x80xbf16>) {
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) : (tensor<2x1x100x80xbf16>, tensor<2x1x100x80xbf16>, tensor<2x1x100x80xbf16>) -> (tensor<2x1x100x80xbf16>, tensor<2x1x100xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<2x1x100x80xbf16>, tensor<2x1x100x80xbf16>, tensor<2x1x100x80xbf16>
    lighthouse.yield %os, %lse : tensor<2x1x100x80xbf16>, tensor<2x1x100xf32>
  }
  return
}

// CHECK-LABEL: tile.kernel @forty_attend(
// CHECK-SAME: blocks 2 threads 512
// CHECK: tile.ring readers 3 : <2, <128x64xbf16, panels>>
// CHECK: tile.send %{{.+}} : <64x64xbf16, panels>, <2x1x100x40xbf16>
func.func @forty(%qs: tensor<2x1x100x40xbf16> {lighthouse.strided}, %ks: tensor<2x1x100x40xbf16>, %vs: tensor<2x1x100x40xbf16>) {
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) : (tensor<2x1x100x40xbf16>, tensor<2x1x100x40xbf16>, tensor<2x1x100x40xbf16>) -> (tensor<2x1x100x40xbf16>, tensor<2x1x100xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<2x1x100x40xbf16>, tensor<2x1x100x40xbf16>, tensor<2x1x100x40xbf16>
    lighthouse.yield %os, %lse : tensor<2x1x100x40xbf16>, tensor<2x1x100xf32>
  }
  return
}

// Of 16 heads whose keys and values take 8 MiB each, 4 at a time are worked on: sections of 4 heads.
// CHECK-LABEL: tile.kernel @sections_attend(
// CHECK: %[[BLOCK:.+]] = tile.block_id
// CHECK-NEXT: %c4_i32 = arith.constant 4
// CHECK-NEXT: arith.remui %[[BLOCK]], %c4_i32
func.func @sections(%qs: tensor<1x16x16384x128xbf16> {lighthouse.strided}, %ks: tensor<1x16x16384x128xbf16>, %vs: tensor<1x16x16384x128xbf16>) {
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) : (tensor<1x16x16384x128xbf16>, tensor<1x16x16384x128xbf16>, tensor<1x16x16384x128xbf16>) -> (tensor<1x16x16384x128xbf16>, tensor<1x16x16384xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<1x16x16384x128xbf16>, tensor<1x16x16384x128xbf16>, tensor<1x16x16384x128xbf16>
    lighthouse.yield %os, %lse : tensor<1x16x16384x128xbf16>, tensor<1x16x16384xf32>
  }
  return
}

// Sizes of a block are parameters.
// CHECK-LABEL: tile.kernel @parameters_attend(
// CHECK-SAME: threads 512
// CHECK: tile.ring readers 1 : <3, <64x64xbf16, panels>>
// CHECK: tile.ring readers 3 : <3, <64x64xbf16, panels>>
func.func @parameters(%qs: tensor<1x1x256x64xbf16> {lighthouse.strided}, %ks: tensor<1x1x256x64xbf16>, %vs: tensor<1x1x256x64xbf16>) {
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) attributes {schedule = {block_columns = 64, stages = 3}} : (tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>) -> (tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>, tensor<1x1x256x64xbf16>
    lighthouse.yield %os, %lse : tensor<1x1x256x64xbf16>, tensor<1x1x256xf32>
  }
  return
}

// float32 and wider heads have the schedule of other GPUs.
// CHECK-LABEL: tile.kernel @float32_attend(
// CHECK-NOT: tile.roles
// CHECK-LABEL: tile.kernel @wider_attend(
// CHECK-NOT: tile.roles
func.func @float32(%qs: tensor<1x1x256x64xf32> {lighthouse.strided}, %ks: tensor<1x1x256x64xf32>, %vs: tensor<1x1x256x64xf32>) {
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) : (tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>) -> (tensor<1x1x256x64xf32>, tensor<1x1x256xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>, tensor<1x1x256x64xf32>
    lighthouse.yield %os, %lse : tensor<1x1x256x64xf32>, tensor<1x1x256xf32>
  }
  return
}
func.func @wider(%qs: tensor<1x1x256x136xbf16> {lighthouse.strided}, %ks: tensor<1x1x256x136xbf16>, %vs: tensor<1x1x256x136xbf16>) {
  %0:2 = lighthouse.kernel "attend" reads(%q = %qs, %k = %ks, %v = %vs) : (tensor<1x1x256x136xbf16>, tensor<1x1x256x136xbf16>, tensor<1x1x256x136xbf16>) -> (tensor<1x1x256x136xbf16>, tensor<1x1x256xf32>) {
    %os, %lse = lighthouse.attend %q, %k, %v {scale = 0.25 : f32} : tensor<1x1x256x136xbf16>, tensor<1x1x256x136xbf16>, tensor<1x1x256x136xbf16>
    lighthouse.yield %os, %lse : tensor<1x1x256x136xbf16>, tensor<1x1x256xf32>
  }
  return
}
