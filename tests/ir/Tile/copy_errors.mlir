// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect

tile.kernel @f(%x: !tile.view<100x16xf32>) blocks 1 threads 32 {
  %c = "test.value"() : () -> i32
  %s = "test.value"() : () -> !tile.shared<16x16xbf16>
  // expected-error @+1 {{expects elements of 'f32', but got '!tile.shared<16x16xbf16>'}}
  tile.copy %x[%c] limit %c, %s : !tile.view<100x16xf32>, !tile.shared<16x16xbf16>
}

// -----

tile.kernel @f(%x: !tile.view<2x100x16xf32>) blocks 1 threads 32 {
  %c = "test.value"() : () -> i32
  %s = "test.value"() : () -> !tile.shared<16x16xf32>
  // expected-error @+1 {{expects 2 coordinates to copy from '!tile.view<2x100x16xf32>' to '!tile.shared<16x16xf32>', but got 4}}
  tile.copy %x[%c, %c, %c, %c] limit %c, %s : !tile.view<2x100x16xf32>, !tile.shared<16x16xf32>
}

// -----

tile.kernel @f(%x: !tile.view<2x100xf32>) blocks 1 threads 32 {
  %c = "test.value"() : () -> i32
  %s = "test.value"() : () -> !tile.shared<16xf32>
  // expected-error @+1 {{expects 2 coordinates to copy from '!tile.view<2x100xf32>' to '!tile.shared<16xf32>', but got 1}}
  tile.copy %x[%c] limit %c, %s : !tile.view<2x100xf32>, !tile.shared<16xf32>
}

// -----

tile.kernel @f(%x: !tile.view<100xbf16>) blocks 1 threads 32 {
  %c = "test.value"() : () -> i32
  %s = "test.value"() : () -> !tile.shared<16xbf16>
  // expected-error @+1 {{expects elements of 32 bits for one dimension, but got '!tile.shared<16xbf16>'}}
  tile.copy %x[%c] limit %c, %s : !tile.view<100xbf16>, !tile.shared<16xbf16>
}

// -----

tile.kernel @f(%x: !tile.view<100x24xf32>) blocks 1 threads 32 {
  %c = "test.value"() : () -> i32
  %s = "test.value"() : () -> !tile.shared<16x16xf32>
  // expected-error @+1 {{expects columns for a row of '!tile.view<100x24xf32>', but got '!tile.shared<16x16xf32>'}}
  tile.copy %x[%c] limit %c, %s : !tile.view<100x24xf32>, !tile.shared<16x16xf32>
}

// -----

tile.kernel @f(%x: !tile.view<100x14xf32>) blocks 1 threads 32 {
  %c = "test.value"() : () -> i32
  %s = "test.value"() : () -> !tile.shared<16x16xf32>
  // expected-error @+1 {{expects a view whose rows are whole chunks of 16 bytes, but got '!tile.view<100x14xf32>'}}
  tile.copy %x[%c] limit %c, %s : !tile.view<100x14xf32>, !tile.shared<16x16xf32>
}

// -----

// Rows of what has none.
tile.kernel @f(%x: !tile.view<16xf32>) blocks 1 threads 32 {
  %c = "test.value"() : () -> i32
  %s = "test.value"() : () -> !tile.shared<16x16xf32>
  // expected-error @+1 {{expects a view whose rows are whole chunks of 16 bytes, but got '!tile.view<16xf32>'}}
  tile.copy %x[] limit %c, %s : !tile.view<16xf32>, !tile.shared<16x16xf32>
}

// -----

tile.kernel @f(%x: !tile.view<100x16xf32>) blocks 1 threads 32 {
  %c = "test.value"() : () -> i32
  %s = "test.value"() : () -> !tile.shared<16x16xf32>
  // expected-error @+1 {{expects step of at least 1, but got 0}}
  tile.copy %x[%c] limit %c, %s {step = 0 : i64} : !tile.view<100x16xf32>, !tile.shared<16x16xf32>
}
