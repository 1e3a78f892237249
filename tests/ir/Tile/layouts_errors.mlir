// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

// expected-error @+1 {{expects threads to be a multiple of 32 from 32 to 1024, but got 48}}
#layout = #tile.rows<threads = 48, lanes = 16, elements = 8>

// -----

// expected-error @+1 {{expects threads to be a multiple of 32 from 32 to 1024, but got 2048}}
#layout = #tile.rows<threads = 2048, lanes = 16, elements = 8>

// -----

// expected-error @+1 {{expects lanes to be a power of two from 1 to 32, but got 12}}
#layout = #tile.rows<threads = 128, lanes = 12, elements = 8>

// -----

// expected-error @+1 {{expects lanes to be a power of two from 1 to 32, but got 64}}
#layout = #tile.rows<threads = 128, lanes = 64, elements = 8>

// -----

// expected-error @+1 {{expects elements to be a power of two from 2 to 16, but got 1}}
#layout = #tile.rows<threads = 128, lanes = 16, elements = 1>

// -----

// expected-error @+1 {{expects warps from 1 to 32, but got 0}}
#layout = #tile.mma<warps = 0>

// -----

// expected-error @+1 {{expects warps from 1 to 32, but got 33}}
#layout = #tile.mma<warps = 33>

// -----

// expected-error @+1 {{expects threads to be a multiple of 32 from 32 to 1024, but got 0}}
#layout = #tile.linear<threads = 0>

// -----

// expected-error @+1 {{expects a slice of a layout of two dimensions, rows or mma, but got #tile.linear<threads = 128>}}
#layout = #tile.slice<dim = 1, of = #tile.linear<threads = 128>>

// -----

// expected-error @+1 {{expects dim to be 0 or 1, but got 2}}
#layout = #tile.slice<dim = 2, of = #tile.mma<warps = 4>>
