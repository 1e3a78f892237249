// SPDX-License-Identifier: Apache-2.0
// 16-bit fragments are read four matrices at once, and written as words; single elements one by one, where the mask is true.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm | FileCheck %s

#mma = #tile.mma<warps = 1>
#linear = #tile.linear<threads = 32>
// CHECK-LABEL: llvm.func ptx_kernelcc @matrices(
// CHECK: "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16"
// CHECK: "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.trans.b16"
// CHECK-COUNT-4: llvm.store %{{.+}}, %{{.+}} {alignment = 4 : i64} : i32, !llvm.ptr<3>
// CHECK-NOT: llvm.store
// CHECK: llvm.return
tile.kernel @matrices() blocks 1 threads 32 {
  %s = tile.alloc : !tile.shared<16x16xbf16>
  %0 = tile.read %s : (!tile.shared<16x16xbf16>) -> tensor<16x16xbf16, #mma>
  %1 = tile.read %s transposed : (!tile.shared<16x16xbf16>) -> tensor<16x16xbf16, #mma>
  tile.write %0, %s : (tensor<16x16xbf16, #mma>, !tile.shared<16x16xbf16>)
}

// CHECK-LABEL: llvm.func ptx_kernelcc @elements(
// CHECK: %[[X:.+]] = llvm.load %{{.+}} : !llvm.ptr<3> -> i64
// CHECK: scf.if
// CHECK: llvm.store %[[X]], %{{.+}} : i64, !llvm.ptr<3>
tile.kernel @elements() blocks 1 threads 32 {
  %s = tile.alloc : !tile.shared<100xi64>
  %at = tile.range : tensor<32xi32, #linear>
  %inside = arith.constant dense<true> : tensor<32xi1, #linear>
  %0 = tile.read %s[%at] : (!tile.shared<100xi64>, tensor<32xi32, #linear>) -> tensor<32xi64, #linear>
  tile.write %0, %s[%at] mask %inside : (tensor<32xi64, #linear>, !tile.shared<100xi64>, tensor<32xi32, #linear>, tensor<32xi1, #linear>)
}

// From an element on, one by one: pairs need not lie at a multiple of 8 bytes.
// CHECK-LABEL: llvm.func ptx_kernelcc @from(
// CHECK: %[[BYTES:.+]] = arith.muli
// CHECK: %[[BEGIN:.+]] = llvm.getelementptr %{{.+}}[%[[BYTES]]]
// CHECK: %[[START:.+]] = llvm.getelementptr %[[BEGIN]][
// CHECK: llvm.load %[[START]] {{.*}}: !llvm.ptr<3> -> f32
// CHECK: %[[SECOND:.+]] = llvm.getelementptr %[[START]][4]
// CHECK: llvm.load %[[SECOND]] {{.*}}: !llvm.ptr<3> -> f32
// CHECK: llvm.getelementptr %[[START]][32]
// CHECK-NOT: vector<2xi32>
// CHECK: llvm.return
tile.kernel @from() blocks 1 threads 32 {
  %s = tile.alloc : !tile.shared<20xf32>
  %block = tile.block_id
  %0 = tile.read %s from %block : (!tile.shared<20xf32>, i32) -> tensor<16xf32, #tile.slice<dim = 0, of = #mma>>
}
