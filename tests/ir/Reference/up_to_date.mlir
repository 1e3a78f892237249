// SPDX-License-Identifier: Apache-2.0
// docs/reference is what TableGen makes of the descriptions now. When this fails: `make docs`.
// RUN: mlir-tblgen -gen-dialect-doc -dialect=lighthouse -I %source -I %mlir_include %source/dialects/Lighthouse/LighthouseOps.td > %t.dialect.md
// RUN: diff -u %source/docs/reference/LighthouseDialect.md %t.dialect.md
// RUN: mlir-tblgen -gen-dialect-doc -dialect=tile -I %source -I %mlir_include %source/dialects/Tile/TileOps.td > %t.tile.md
// RUN: diff -u %source/docs/reference/TileDialect.md %t.tile.md
// RUN: mlir-tblgen -gen-pass-doc -I %source -I %mlir_include %source/compiler/Passes.td > %t.passes.md
// RUN: diff -u %source/docs/reference/Passes.md %t.passes.md
