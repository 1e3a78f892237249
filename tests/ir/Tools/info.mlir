// SPDX-License-Identifier: Apache-2.0
// What `lighthouse info` says, as text and as JSON, and that its help shows our options only.
// RUN: env LIGHTHOUSE_CACHE_DIR=%t.cache LIGHTHOUSE_NUM_THREADS=3 lighthouse info | FileCheck %s
// RUN: env LIGHTHOUSE_CACHE_DIR=%t.cache LIGHTHOUSE_NUM_THREADS=3 lighthouse info --json | FileCheck %s --check-prefix=JSON
// RUN: lighthouse info --help | FileCheck %s --check-prefix=HELP
// RUN: lighthouse --version | FileCheck %s --check-prefix=VERSION

// CHECK: lighthouse {{[0-9]+\.[0-9]+\.[0-9]+$}}
// CHECK: LLVM {{ *}}22.
// CHECK: target {{ *}}host:
// CHECK: threads {{ *}}3
// CHECK: disk cache {{.*}}.cache: 0 entries, 0 bytes of
// JSON: "cache": {
// JSON: "entries": 0,
// JSON: "llvm_version": "22.
// JSON: "name": "host:
// JSON: "threads": 3,
// HELP: --json
// HELP: --tuning
// HELP-NOT: --
// VERSION: lighthouse {{[0-9.]+}} (LLVM 22
