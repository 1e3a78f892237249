// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<16x16xf32>
  // expected-error @+1 {{expects 16-bit elements and the layout mma for a transposed read, but got 'tensor<16x16xf32, #tile.mma<warps = 1>>'}}
  %0 = tile.read %s transposed : (!tile.shared<16x16xf32>) -> tensor<16x16xf32, #mma>
}

// -----

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<32x32xbf16>
  // expected-error @+1 {{expects 16-bit elements and the layout mma for a transposed read, but got 'tensor<32x32xbf16, #tile.rows<threads = 32, lanes = 4, elements = 8>>'}}
  %0 = tile.read %s transposed : (!tile.shared<32x32xbf16>) -> tensor<32x32xbf16, #rows>
}

// -----

// Four matrices are read at once.
#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<16x8xbf16>
  // expected-error @+1 {{expects columns of 16-bit elements to be a multiple of 16 for the layout mma, but got 'tensor<16x8xbf16, #tile.mma<warps = 1>>'}}
  %0 = tile.read %s : (!tile.shared<16x8xbf16>) -> tensor<16x8xbf16, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<16x16xbf16>
  // expected-error @+1 {{expects elements of 'bf16', but got 'tensor<16x16xf16, #tile.mma<warps = 1>>'}}
  %0 = tile.read %s : (!tile.shared<16x16xbf16>) -> tensor<16x16xf16, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<16x32xbf16>
  // expected-error @+1 {{expects the shape of the shared tile, '!tile.shared<16x32xbf16>', but got 'tensor<16x16xbf16, #tile.mma<warps = 1>>'}}
  %0 = tile.read %s : (!tile.shared<16x32xbf16>) -> tensor<16x16xbf16, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<16x32xbf16>
  // expected-error @+1 {{expects the shape of the transposed shared tile, '!tile.shared<16x32xbf16>', but got 'tensor<16x32xbf16, #tile.mma<warps = 1>>'}}
  %0 = tile.read %s transposed : (!tile.shared<16x32xbf16>) -> tensor<16x32xbf16, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<16x32xf32>
  %at = "test.value"() : () -> tensor<32xi32, #linear>
  // expected-error @+1 {{expects an index for each element of a shared tile of one dimension, but got 'tensor<32xi32, #tile.linear<threads = 32>>' for 'tensor<32xf32, #tile.linear<threads = 32>>' and '!tile.shared<16x32xf32>'}}
  %0 = tile.read %s[%at] : (!tile.shared<16x32xf32>, tensor<32xi32, #linear>) -> tensor<32xf32, #linear>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<100xf32>
  %at = "test.value"() : () -> tensor<64xi32, #linear>
  // expected-error @+1 {{expects an index for each element of a shared tile of one dimension, but got 'tensor<64xi32, #tile.linear<threads = 32>>'}}
  %0 = tile.read %s[%at] : (!tile.shared<100xf32>, tensor<64xi32, #linear>) -> tensor<32xf32, #linear>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<512xbf16>
  %at = "test.value"() : () -> tensor<16x16xi32, #mma>
  // expected-error @+1 {{expects no index for a transposed read, but got 'tensor<16x16xi32, #tile.mma<warps = 1>>'}}
  %0 = tile.read %s[%at] transposed : (!tile.shared<512xbf16>, tensor<16x16xi32, #mma>) -> tensor<16x16xbf16, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<512xbf16>
  %at = "test.value"() : () -> tensor<16x16xi32, #mma>
  // expected-error @+1 {{expects elements of at least 32 bits for an index tile, but got '!tile.shared<512xbf16>'}}
  %0 = tile.read %s[%at] : (!tile.shared<512xbf16>, tensor<16x16xi32, #mma>) -> tensor<16x16xbf16, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
#column = #tile.slice<dim = 0, of = #mma>
#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<32xi64>
  // expected-error @+1 {{expects an index tile for elements of 64 bits, but got none for '!tile.shared<32xi64>'}}
  %0 = tile.read %s : (!tile.shared<32xi64>) -> tensor<32xi64, #linear>
}

// -----

// Matrix loads know no panels.
#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<16x64xbf16, panels>
  // expected-error @+1 {{expects a shared tile that is not of panels for 16-bit elements and the layout mma, but got '!tile.shared<16x64xbf16, panels>'}}
  %0 = tile.read %s : (!tile.shared<16x64xbf16, panels>) -> tensor<16x64xbf16, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %s = "test.value"() : () -> !tile.shared<16x64xbf16, panels>
  // expected-error @+1 {{expects a shared tile that is not of panels for 16-bit elements and the layout mma, but got '!tile.shared<16x64xbf16, panels>'}}
  %0 = tile.read %s transposed : (!tile.shared<16x64xbf16, panels>) -> tensor<64x16xbf16, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
tile.kernel @f() blocks 1 threads 32 {
  %c = "test.value"() : () -> i32
  %at = "test.value"() : () -> tensor<16xi32, #row>
  %s = "test.value"() : () -> !tile.shared<12xf32>
  // expected-error @+1 {{expects fewer elements of 4 bytes of a shared tile of one dimension, and no index, but got 'tensor<16xf32, #tile.slice<dim = 1, of = #tile.mma<warps = 1>>>' of '!tile.shared<12xf32>'}}
  %0 = tile.read %s from %c : (!tile.shared<12xf32>, i32) -> tensor<16xf32, #row>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
tile.kernel @f() blocks 1 threads 32 {
  %c = "test.value"() : () -> i32
  %at = "test.value"() : () -> tensor<16xi32, #row>
  %s = "test.value"() : () -> !tile.shared<32xi32>
  // expected-error @+1 {{expects fewer elements of 4 bytes of a shared tile of one dimension, and no index, but got 'tensor<16xf32, #tile.slice<dim = 1, of = #tile.mma<warps = 1>>>' of '!tile.shared<32xi32>'}}
  %0 = tile.read %s from %c : (!tile.shared<32xi32>, i32) -> tensor<16xf32, #row>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
tile.kernel @f() blocks 1 threads 32 {
  %c = "test.value"() : () -> i32
  %at = "test.value"() : () -> tensor<16xi32, #row>
  %s = "test.value"() : () -> !tile.shared<32xf32>
  // expected-error @+1 {{expects fewer elements of 4 bytes of a shared tile of one dimension, and no index, but got 'tensor<16xf32, #tile.slice<dim = 1, of = #tile.mma<warps = 1>>>' of '!tile.shared<32xf32>'}}
  %0 = tile.read %s[%at] from %c : (!tile.shared<32xf32>, tensor<16xi32, #row>, i32) -> tensor<16xf32, #row>
}

// -----

#mma = #tile.mma<warps = 1>
#row = #tile.slice<dim = 1, of = #mma>
tile.kernel @f() blocks 1 threads 32 {
  %c = "test.value"() : () -> i32
  %at = "test.value"() : () -> tensor<16xi32, #row>
  %s = "test.value"() : () -> !tile.shared<16x16xf32>
  // expected-error @+1 {{expects fewer elements of 4 bytes of a shared tile of one dimension, and no index, but got 'tensor<16x16xf32, #tile.mma<warps = 1>>' of '!tile.shared<16x16xf32>'}}
  %0 = tile.read %s from %c : (!tile.shared<16x16xf32>, i32) -> tensor<16x16xf32, #mma>
}
