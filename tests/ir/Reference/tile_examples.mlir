// SPDX-License-Identifier: Apache-2.0
// The examples in the descriptions of the tile dialect's ops, layouts and types parse and hold to the rules.
// RUN: llvm-tblgen -dump-json -I %source -I %mlir_include %source/dialects/Tile/TileOps.td | %python %S/Inputs/tile_examples.py > %t
// RUN: lighthouse-opt %t -split-input-file -allow-unregistered-dialect | FileCheck %s

// CHECK-DAG: tile.kernel @scale_rows
// CHECK-DAG: tile.dot
// CHECK-DAG: tile.wait {pending = 1}
// CHECK-DAG: tile.roles
// CHECK-DAG: tile.dot_async
