// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %a = "test.value"() : () -> !tile.shared<16x16xf32>
  %b = "test.value"() : () -> tensor<16x16xf32, #mma>
  %acc = "test.value"() : () -> tensor<16x16xf32, #mma>
  // expected-error @+1 {{expects b to be a shared tile of two dimensions, but got 'tensor<16x16xf32, #tile.mma<warps = 1>>'}}
  %0 = tile.dot %a, %b, %acc : !tile.shared<16x16xf32>, tensor<16x16xf32, #mma>, tensor<16x16xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %a = "test.value"() : () -> !tile.shared<16x16xf32>
  %b = "test.value"() : () -> !tile.shared<16xf32>
  %acc = "test.value"() : () -> tensor<16x16xf32, #mma>
  // expected-error @+1 {{expects b to be a shared tile of two dimensions, but got '!tile.shared<16xf32>'}}
  %0 = tile.dot %a, %b, %acc : !tile.shared<16x16xf32>, !tile.shared<16xf32>, tensor<16x16xf32, #mma>
}

// -----

#rows = #tile.rows<threads = 32, lanes = 4, elements = 8>
#row = #tile.slice<dim = 1, of = #rows>
tile.kernel @f() blocks 1 threads 32 {
  %a = "test.value"() : () -> !tile.shared<8x32xf32>
  %b = "test.value"() : () -> !tile.shared<32x32xf32>
  %acc = "test.value"() : () -> tensor<8x32xf32, #rows>
  // expected-error @+1 {{expects an accumulator of layout mma, but got 'tensor<8x32xf32, #tile.rows<threads = 32, lanes = 4, elements = 8>>'}}
  %0 = tile.dot %a, %b, %acc : !tile.shared<8x32xf32>, !tile.shared<32x32xf32>, tensor<8x32xf32, #rows>
}

// -----

#mma = #tile.mma<warps = 1>
#other = #tile.rows<threads = 32, lanes = 1, elements = 8>
tile.kernel @f() blocks 1 threads 32 {
  %a = "test.value"() : () -> tensor<32x16xf32, #other>
  %b = "test.value"() : () -> !tile.shared<16x16xf32>
  %acc = "test.value"() : () -> tensor<32x16xf32, #mma>
  // expected-error @+1 {{expects a to be a shared tile, or a tile of the accumulator's layout that is not transposed, but got 'tensor<32x16xf32, #tile.rows<threads = 32, lanes = 1, elements = 8>>'}}
  %0 = tile.dot %a, %b, %acc : tensor<32x16xf32, #other>, !tile.shared<16x16xf32>, tensor<32x16xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %a = "test.value"() : () -> !tile.shared<16x16xbf16>
  %b = "test.value"() : () -> !tile.shared<16x16xf16>
  %acc = "test.value"() : () -> tensor<16x16xf32, #mma>
  // expected-error @+1 {{expects a and b of one element type, f32, f16 or bf16, but got 'bf16' and 'f16'}}
  %0 = tile.dot %a, %b, %acc : !tile.shared<16x16xbf16>, !tile.shared<16x16xf16>, tensor<16x16xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %a = "test.value"() : () -> !tile.shared<16x16xi32>
  %b = "test.value"() : () -> !tile.shared<16x16xi32>
  %acc = "test.value"() : () -> tensor<16x16xf32, #mma>
  // expected-error @+1 {{expects a and b of one element type, f32, f16 or bf16, but got 'i32' and 'i32'}}
  %0 = tile.dot %a, %b, %acc : !tile.shared<16x16xi32>, !tile.shared<16x16xi32>, tensor<16x16xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %a = "test.value"() : () -> !tile.shared<16x32xf32>
  %b = "test.value"() : () -> !tile.shared<16x32xf32>
  %acc = "test.value"() : () -> tensor<16x16xf32, #mma>
  // expected-error @+1 {{expects shapes [M, K], [K, N] and [M, N], but got '!tile.shared<16x32xf32>', '!tile.shared<16x32xf32>' and 'tensor<16x16xf32, #tile.mma<warps = 1>>'}}
  %0 = tile.dot %a, %b, %acc : !tile.shared<16x32xf32>, !tile.shared<16x32xf32>, tensor<16x16xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %a = "test.value"() : () -> !tile.shared<16x32xf32>
  %b = "test.value"() : () -> !tile.shared<32x16xf32>
  %acc = "test.value"() : () -> tensor<16x16xf32, #mma>
  // expected-error @+1 {{expects shapes [M, K], [N, K] and [M, N], but got '!tile.shared<16x32xf32>', '!tile.shared<32x16xf32>' and 'tensor<16x16xf32, #tile.mma<warps = 1>>'}}
  %0 = tile.dot %a, %b, %acc transposed : !tile.shared<16x32xf32>, !tile.shared<32x16xf32>, tensor<16x16xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %a = "test.value"() : () -> !tile.shared<32x16xf32>
  %b = "test.value"() : () -> !tile.shared<16x16xf32>
  %acc = "test.value"() : () -> tensor<16x16xf32, #mma>
  // expected-error @+1 {{expects shapes [M, K], [K, N] and [M, N], but got '!tile.shared<32x16xf32>'}}
  %0 = tile.dot %a, %b, %acc : !tile.shared<32x16xf32>, !tile.shared<16x16xf32>, tensor<16x16xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %a = "test.value"() : () -> !tile.shared<16x8xbf16>
  %b = "test.value"() : () -> !tile.shared<8x16xbf16>
  %acc = "test.value"() : () -> tensor<16x16xf32, #mma>
  // expected-error @+1 {{expects K and N to be multiples of 16, but got 8 and 16}}
  %0 = tile.dot %a, %b, %acc : !tile.shared<16x8xbf16>, !tile.shared<8x16xbf16>, tensor<16x16xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %a = "test.value"() : () -> !tile.shared<16x16xbf16>
  %b = "test.value"() : () -> !tile.shared<16x8xbf16>
  %acc = "test.value"() : () -> tensor<16x8xf32, #mma>
  // expected-error @+1 {{expects K and N to be multiples of 16, but got 16 and 8}}
  %0 = tile.dot %a, %b, %acc : !tile.shared<16x16xbf16>, !tile.shared<16x8xbf16>, tensor<16x8xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %a = "test.value"() : () -> !tile.shared<16x64xbf16, panels>
  %b = "test.value"() : () -> !tile.shared<16x64xbf16>
  %acc = "test.value"() : () -> tensor<16x16xf32, #mma>
  // expected-error @+1 {{expects shared tiles that are not of panels, but got '!tile.shared<16x64xbf16, panels>'}}
  %0 = tile.dot %a, %b, %acc transposed : !tile.shared<16x64xbf16, panels>, !tile.shared<16x64xbf16>, tensor<16x16xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %a = "test.value"() : () -> tensor<16x32xf32, #mma>
  %b = "test.value"() : () -> !tile.shared<16x32xf32, panels>
  %acc = "test.value"() : () -> tensor<16x16xf32, #mma>
  // expected-error @+1 {{expects shared tiles that are not of panels, but got '!tile.shared<16x32xf32, panels>'}}
  %0 = tile.dot %a, %b, %acc transposed : tensor<16x32xf32, #mma>, !tile.shared<16x32xf32, panels>, tensor<16x16xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %a = "test.value"() : () -> tensor<16x16xbf16, #mma>
  %b = "test.value"() : () -> !tile.shared<16x16xbf16>
  %acc = "test.value"() : () -> tensor<16x16xf32, #mma>
  // expected-error @+1 {{expects a to be a shared tile, or a tile of the accumulator's layout that is not transposed, but got 'tensor<16x16xbf16, #tile.mma<warps = 1>>'}}
  %0 = tile.dot %a a_transposed, %b, %acc : tensor<16x16xbf16, #mma>, !tile.shared<16x16xbf16>, tensor<16x16xf32, #mma>
}

// -----

#mma = #tile.mma<warps = 1>
tile.kernel @f() blocks 1 threads 32 {
  %a = "test.value"() : () -> !tile.shared<32x16xbf16>
  %b = "test.value"() : () -> !tile.shared<16x16xbf16>
  %acc = "test.value"() : () -> tensor<32x16xf32, #mma>
  // expected-error @+1 {{expects shapes [M, K], [K, N] and [M, N], but got '!tile.shared<32x16xbf16>'}}
  %0 = tile.dot %a a_transposed, %b, %acc : !tile.shared<32x16xbf16>, !tile.shared<16x16xbf16>, tensor<32x16xf32, #mma>
}
