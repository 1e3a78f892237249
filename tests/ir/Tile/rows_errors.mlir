// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

tile.kernel @known(%x: !tile.view<1x2x100x16xf32, strided>) blocks 1 threads 32 {
  // expected-error @+1 {{expects a varlen view, but got '!tile.view<1x2x100x16xf32, strided>'}}
  %rows = tile.rows %x : !tile.view<1x2x100x16xf32, strided>
}

// -----

// expected-error @+1 {{expects a varlen view to be strided and of 4 dimensions, but got 2}}
func.func private @f(!tile.view<100x16xf32, strided, varlen>)

// -----

// expected-error @+1 {{expected 'varlen'}}
func.func private @f(!tile.view<1x2x100x16xf32, strided, ragged>)
