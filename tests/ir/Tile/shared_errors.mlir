// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect

tile.kernel @f() blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  scf.for %i = %c to %c step %c : i32 {
    // expected-error @+1 {{expects to stand at the top of a kernel, but is inside scf.for}}
    %0 = tile.alloc : !tile.shared<16xf32>
  }
}

// -----

// Rows of 32 bytes are three chunks apart.
#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<16x16xbf16>
  // expected-error @+1 {{expects at most the 768 bytes of its source, but got 1024}}
  %0 = tile.alias %s : !tile.shared<16x16xbf16> to !tile.shared<256xf32>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  // expected-error @+1 {{expects pending of at least 0, but got -1}}
  tile.wait {pending = -1}
}

// -----

// Panels begin at multiples of 1024 bytes.
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<16x64xbf16>
  // expected-error @+1 {{expects a source of panels for a tile of panels, but got '!tile.shared<16x64xbf16>'}}
  %0 = tile.alias %s : !tile.shared<16x64xbf16> to !tile.shared<16x64xbf16, panels>
}
