// SPDX-License-Identifier: Apache-2.0
// Every option of a subcommand is in its help, other names of options too.
// RUN: lighthouse compile --help | FileCheck %s --check-prefixes=SPEC,COMPILE
// RUN: lighthouse tune --help | FileCheck %s --check-prefix=SPEC

// COMPILE: --arch=<name> {{.*}} needs no GPU
// SPEC-DAG: --heads {{.*}} the same as --num-heads
// SPEC-DAG: --kv-heads {{.*}} the same as --num-kv-heads
// SPEC-DAG: --levels {{.*}} the same as --num-levels
