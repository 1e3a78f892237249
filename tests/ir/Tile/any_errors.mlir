// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

#linear = #tile.linear<threads = 32>
tile.kernel @element() blocks 1 threads 32 {
  %x = tile.range : tensor<32xi32, #linear>
  // expected-error @+1 {{operand #0 must be a register tile of i1, but got 'tensor<32xi32, #tile.linear<threads = 32>>'}}
  %some = tile.any %x : tensor<32xi32, #linear>
}

// -----

tile.kernel @scalar() blocks 1 threads 32 {
  %true = arith.constant true
  // expected-error @+1 {{operand #0 must be a register tile of i1, but got 'i1'}}
  %some = tile.any %true : i1
}
