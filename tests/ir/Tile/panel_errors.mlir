// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect

tile.kernel @f() blocks 1 threads 128 {
  %c = arith.constant 0 : i32
  %x = tile.alloc : !tile.shared<64x128xbf16>
  // expected-error @+1 {{expects a panel of a tile of panels, but got '!tile.shared<64x128xbf16>' and '!tile.shared<64x64xbf16, panels>'}}
  %0 = tile.panel %x[%c] : !tile.shared<64x128xbf16> to !tile.shared<64x64xbf16, panels>
}

// -----

tile.kernel @f() blocks 1 threads 128 {
  %c = arith.constant 0 : i32
  %x = tile.alloc : !tile.shared<64x128xbf16, panels>
  // expected-error @+1 {{expects a panel of a tile of panels, but got '!tile.shared<64x128xbf16, panels>' and '!tile.shared<64x128xbf16, panels>'}}
  %0 = tile.panel %x[%c] : !tile.shared<64x128xbf16, panels> to !tile.shared<64x128xbf16, panels>
}

// -----

tile.kernel @f() blocks 1 threads 128 {
  %c = arith.constant 0 : i32
  %x = tile.alloc : !tile.shared<64x128xbf16, panels>
  // expected-error @+1 {{expects a panel of a tile of panels, but got '!tile.shared<64x128xbf16, panels>' and '!tile.shared<32x64xbf16, panels>'}}
  %0 = tile.panel %x[%c] : !tile.shared<64x128xbf16, panels> to !tile.shared<32x64xbf16, panels>
}

// -----

tile.kernel @f() blocks 1 threads 128 {
  %c = arith.constant 0 : i32
  %x = tile.alloc : !tile.shared<64x128xbf16, panels>
  // expected-error @+1 {{expects a panel of a tile of panels, but got '!tile.shared<64x128xbf16, panels>' and '!tile.shared<64x64xf16, panels>'}}
  %0 = tile.panel %x[%c] : !tile.shared<64x128xbf16, panels> to !tile.shared<64x64xf16, panels>
}

// -----

tile.kernel @f() blocks 1 threads 128 {
  %c = arith.constant 0 : i32
  %x = tile.alloc : !tile.shared<64x128xbf16, panels>
  // expected-error @+1 {{expects a panel of a tile of panels, but got '!tile.shared<64x128xbf16, panels>' and '!tile.shared<64x64xbf16>'}}
  %0 = tile.panel %x[%c] : !tile.shared<64x128xbf16, panels> to !tile.shared<64x64xbf16>
}
