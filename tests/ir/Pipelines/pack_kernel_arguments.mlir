// SPDX-License-Identifier: Apache-2.0
// Each field of a descriptor is loaded from its eight bytes: two pointers, offset, sizes, strides. A second buffer has the second pointer of the array.
// RUN: lighthouse-opt %s -lighthouse-pack-kernel-arguments | FileCheck %s

// CHECK: llvm.func @kernel(%[[DESCRIPTORS:[^:]+]]: !llvm.ptr, %[[ITEM:[^:]+]]: i64) {
// CHECK: %[[SLOT:.+]] = llvm.getelementptr %[[DESCRIPTORS]][0] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
// CHECK: %[[VECTOR:.+]] = llvm.load %[[SLOT]] : !llvm.ptr -> !llvm.ptr
// CHECK: llvm.getelementptr %[[VECTOR]][0] : (!llvm.ptr) -> !llvm.ptr, i64
// CHECK: %[[A:.+]] = llvm.load %{{.+}} : !llvm.ptr -> !llvm.ptr
// CHECK: llvm.getelementptr %[[VECTOR]][4] : (!llvm.ptr) -> !llvm.ptr, i64
// CHECK: %[[STRIDE:.+]] = llvm.load %{{.+}} : !llvm.ptr -> i64
// CHECK: %[[SLOT1:.+]] = llvm.getelementptr %[[DESCRIPTORS]][1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
// CHECK: %[[SCALAR:.+]] = llvm.load %[[SLOT1]] : !llvm.ptr -> !llvm.ptr
// CHECK: llvm.getelementptr %[[SCALAR]][2] : (!llvm.ptr) -> !llvm.ptr, i64
// CHECK: %[[OFFSET:.+]] = llvm.load %{{.+}} : !llvm.ptr -> i64
// CHECK: llvm.call @kernel.body(%[[A]], {{.+}}, %[[STRIDE]], {{.+}}, %[[OFFSET]], %[[ITEM]]) :
// CHECK: llvm.return
// CHECK: llvm.func internal @kernel.body(%arg0: !llvm.ptr, {{.+}}, %arg8: i64)
llvm.func @kernel(%a: !llvm.ptr, %a_aligned: !llvm.ptr, %a_offset: i64, %a_size: i64, %a_stride: i64,
                  %b: !llvm.ptr, %b_aligned: !llvm.ptr, %b_offset: i64, %item: i64) attributes {lighthouse.items = 4 : i64} {
  llvm.return
}

// Other functions keep their names and parameters and become internal; declarations can't.
// CHECK: llvm.func internal @helper(%{{.+}}: !llvm.ptr) {
llvm.func @helper(%a: !llvm.ptr) {
  llvm.return
}
// CHECK: llvm.func @outside(!llvm.ptr)
llvm.func @outside(!llvm.ptr)
