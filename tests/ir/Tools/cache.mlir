// SPDX-License-Identifier: Apache-2.0
// The cache's commands on a folder of their own.
// RUN: env LIGHTHOUSE_CACHE_DIR=%t.cache lighthouse cache list | count 0
// RUN: env LIGHTHOUSE_CACHE_DIR=%t.cache lighthouse cache clear | FileCheck %s
// RUN: not env LIGHTHOUSE_CACHE=0 lighthouse cache list 2>&1 | FileCheck %s --check-prefix=OFF

// CHECK: removed 0 files, 0 bytes, from {{.*}}.cache
// OFF: the disk cache is off; unset LIGHTHOUSE_CACHE
