// SPDX-License-Identifier: Apache-2.0
// Every op and every pass has a description with an example of it; docs/reference shows them.
// RUN: llvm-tblgen -dump-json -I %source -I %mlir_include %source/dialects/Lighthouse/LighthouseOps.td | %python %S/Inputs/examples.py Op 20 | FileCheck %s --check-prefix=OPS
// RUN: llvm-tblgen -dump-json -I %source -I %mlir_include %source/dialects/Tile/TileOps.td | %python %S/Inputs/examples.py Op 21 | FileCheck %s --check-prefix=TILE
// RUN: llvm-tblgen -dump-json -I %source -I %mlir_include %source/compiler/Passes.td | %python %S/Inputs/examples.py Pass 9 | FileCheck %s --check-prefix=PASSES
// OPS: lighthouse.attend
// OPS: lighthouse.yield
// TILE: tile.alias
// TILE: tile.write
// PASSES: lighthouse-differentiate

// And the check finds one that has none.
// RUN: not %python %S/Inputs/examples.py Pass 1 < %S/Inputs/no_example.json 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: but mine has none
