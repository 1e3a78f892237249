// SPDX-License-Identifier: Apache-2.0
// Tiles of panels: column c is in panel c / 64 (of 16 bits; 32 of float32), and chunks of 16 bytes are permuted by the row's number in its eight.
// RUN: lighthouse-opt %s -lighthouse-lower-tile-to-llvm -cse | FileCheck %s

// CHECK-LABEL: llvm.func ptx_kernelcc @halves
// CHECK: %[[BASE:.+]] = llvm.mlir.addressof @lighthouse_shared
// Layout mma: one permuted place for a thread's rows. The rows 8 below are 1024 bytes on, the second panel 2048.
// CHECK: %[[ROW:.+]] = arith.addi
// CHECK: %[[ROW_BYTES:.+]] = arith.muli %[[ROW]], %c128_i32
// CHECK: %[[START:.+]] = llvm.getelementptr %[[BASE]][%[[ROW_BYTES]]]
// CHECK: %[[IN_EIGHT:.+]] = arith.andi %[[ROW]], %c7_i32
// CHECK: %[[PERMUTED:.+]] = arith.muli %[[IN_EIGHT]], %c16_i32
// CHECK: %[[PLACE:.+]] = arith.xori %{{.+}}, %[[PERMUTED]]
// CHECK: %[[FIRST:.+]] = llvm.getelementptr %[[START]][%[[PLACE]]]
// CHECK: llvm.store %{{.+}}, %[[FIRST]] {alignment = 4
// CHECK: %[[BELOW:.+]] = llvm.getelementptr %[[FIRST]][1024]
// CHECK: llvm.store %{{.+}}, %[[BELOW]]
// CHECK: %[[PLACE_8:.+]] = arith.xori %[[PLACE]], %c16_i32
// CHECK: %[[CHUNK_8:.+]] = llvm.getelementptr %[[START]][%[[PLACE_8]]]
// CHECK: llvm.store %{{.+}}, %[[CHUNK_8]]
// CHECK: llvm.getelementptr %[[FIRST]][2048]
// CHECK: llvm.getelementptr %[[FIRST]][3072]
// A panel is a tile; other layouts permute each chunk anew.
// CHECK: %[[PANEL:.+]] = llvm.getelementptr %[[BASE]][%c2048_i32]
// CHECK: arith.xori
// CHECK: %[[CHUNK:.+]] = llvm.getelementptr %[[PANEL]][
// CHECK: llvm.load %[[CHUNK]] {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
#mma = #tile.mma<warps = 1>
#rows = #tile.rows<threads = 32, lanes = 8, elements = 8>
tile.kernel @halves() blocks 1 threads 32 {
  %one = arith.constant 1 : i32
  %a = tile.alloc : !tile.shared<16x128xbf16, panels>
  %x = arith.constant dense<1.0> : tensor<16x128xbf16, #mma>
  tile.write %x, %a : (tensor<16x128xbf16, #mma>, !tile.shared<16x128xbf16, panels>)
  %p = tile.panel %a[%one] : !tile.shared<16x128xbf16, panels> to !tile.shared<16x64xbf16, panels>
  %y = tile.read %p : (!tile.shared<16x64xbf16, panels>) -> tensor<16x64xbf16, #rows>
}

// Float32 of layout mma: odd rows write the other half of the panel's row first, so that neighbours use different banks.
// CHECK-LABEL: llvm.func ptx_kernelcc @floats
// CHECK: %[[IS_ODD:.+]] = arith.cmpi sgt
// CHECK: %[[PLACE_F:.+]] = arith.xori
// CHECK: %[[HALF:.+]] = arith.select %[[IS_ODD]], %c64_i32, %c0_i32
// CHECK: %[[SWAPPED:.+]] = arith.xori %[[PLACE_F]], %[[HALF]]
// CHECK: llvm.getelementptr %{{.+}}[%[[SWAPPED]]]
// CHECK: llvm.store %{{.+}} {alignment = 8 : i64} : vector<2xi32>
// Reads do not.
// CHECK: llvm.load %{{.+}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xi32>
// CHECK-NOT: arith.select
// CHECK: llvm.return
tile.kernel @floats() blocks 1 threads 32 {
  %a = tile.alloc : !tile.shared<16x32xf32, panels>
  %x = arith.constant dense<1.0> : tensor<16x32xf32, #mma>
  tile.write %x, %a : (tensor<16x32xf32, #mma>, !tile.shared<16x32xf32, panels>)
  %y = tile.read %a : (!tile.shared<16x32xf32, panels>) -> tensor<16x32xf32, #mma>
}
