// SPDX-License-Identifier: Apache-2.0
// Warpgroups have roles; barriers have numbers.
// RUN: lighthouse-opt %s | lighthouse-opt | FileCheck %s

// CHECK-LABEL: tile.kernel @roles
// CHECK: tile.roles threads [1, 128, 256] registers [24, 152, 152] {
// CHECK-NEXT: ^bb0(%{{.+}}: i32):
// CHECK-NEXT: }, {
// CHECK-NEXT: ^bb0(%[[FIRST:.+]]: i32):
// CHECK: tile.meet %[[FIRST]] threads 128
// CHECK: tile.range : tensor<64xi32,
// CHECK: }, {
// CHECK-NEXT: ^bb0(%[[SECOND:.+]]: i32):
// CHECK: tile.signal %[[SECOND]] threads 384
tile.kernel @roles() blocks 1 threads 512 {
  tile.roles threads [1, 128, 256] registers [24, 152, 152] {
  ^bb0(%one: i32):
  }, {
  ^bb0(%group: i32):
    tile.meet %group threads 128
    %0 = tile.range : tensor<64xi32, #tile.slice<dim = 1, of = #tile.mma<warps = 4>>>
  }, {
  ^bb0(%group: i32):
    tile.signal %group threads 384
  }
}

// The only role, of one warpgroup, has all of the block's threads.
// CHECK-LABEL: tile.kernel @alone
// CHECK: tile.copy
// CHECK: tile.barrier
tile.kernel @alone(%x: !tile.view<16xf32>) blocks 1 threads 128 {
  %s = tile.alloc : !tile.shared<16xf32>
  tile.roles threads [128] registers [240] {
  ^bb0(%i: i32):
    tile.copy %x[%i] limit %i, %s : !tile.view<16xf32>, !tile.shared<16xf32>
    tile.commit
    tile.wait {pending = 0}
    tile.barrier
  }
}
