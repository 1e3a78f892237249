// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -lighthouse-pack-kernel-arguments -verify-diagnostics -split-input-file

// expected-error @+1 {{expects the work item, an i64, as the last parameter of a kernel}}
llvm.func @no_parameters() attributes {lighthouse.items = 4 : i64} {
  llvm.return
}

// -----

// expected-error @+1 {{expects the work item, an i64, as the last parameter of a kernel}}
llvm.func @no_item(%a: !llvm.ptr) attributes {lighthouse.items = 4 : i64} {
  llvm.return
}
