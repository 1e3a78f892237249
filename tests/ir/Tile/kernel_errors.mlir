// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

// expected-error @+1 {{expects 1 to 2147483647 blocks, but got 0}}
tile.kernel @f() blocks 0 threads 128 {
}

// -----

// expected-error @+1 {{expects 1 to 2147483647 blocks, but got 2147483648}}
tile.kernel @f() blocks 2147483648 threads 128 {
}

// -----

// expected-error @+1 {{expects 1 to 2147483647 blocks, but got -1}}
tile.kernel @f() blocks -1 threads 128 {
}

// -----

// expected-error @+1 {{expects threads to be a multiple of 32 from 32 to 1024, but got 100}}
tile.kernel @f() blocks 1 threads 100 {
}

// -----

// expected-error @+1 {{expects threads to be a multiple of 32 from 32 to 1024, but got 2048}}
tile.kernel @f() blocks 1 threads 2048 {
}

// -----

// expected-error @+1 {{expects min_blocks from 1 to 32, but got 33}}
tile.kernel @f() blocks 1 threads 32 min_blocks 33 {
}

// -----

// expected-error @+1 {{expects views as arguments, but got 'tensor<8xf32>'}}
tile.kernel @f(%x: tensor<8xf32>) blocks 1 threads 32 {
}

// -----

#linear = #tile.linear<threads = 32>
// expected-error @+1 {{expects a view to be loaded or stored to, not both, but got argument 0 of type '!tile.view<64xf32>'}}
tile.kernel @f(%x: !tile.view<64xf32>) blocks 1 threads 32 {
  %at = tile.range : tensor<64xi32, #linear>
  %0 = tile.load %x[%at] : (!tile.view<64xf32>, tensor<64xi32, #linear>) -> tensor<64xf32, #linear>
  tile.store %0, %x[%at] : (tensor<64xf32, #linear>, !tile.view<64xf32>, tensor<64xi32, #linear>)
}

// -----

// Copies read, too.
// expected-error @+1 {{expects a view to be loaded or stored to, not both, but got argument 0 of type '!tile.view<64xf32>'}}
tile.kernel @f(%x: !tile.view<64xf32>) blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %one = arith.constant 1.0 : f32
  %s = tile.alloc : !tile.shared<64xf32>
  tile.copy %x[%c] limit %c, %s : !tile.view<64xf32>, !tile.shared<64xf32>
  tile.store %one, %x[%c] : (f32, !tile.view<64xf32>, i32)
}

// -----

tile.kernel @f() blocks 1 threads 32 {
  // expected-error @+1 {{expects tiles with a layout, but got 'tensor<64xi32>'}}
  %0 = tile.range : tensor<64xi32>
}

// -----

#pyramid = #lighthouse.pyramid<seq_len = 8, padded_len = 8, num_levels = 1, pooling_factor = 2>
tile.kernel @f() blocks 1 threads 32 {
  // expected-error @+1 {{expects tiles with a layout, but got 'tensor<1x1x8x8xf32, #lighthouse.pyramid<seq_len = 8, padded_len = 8, num_levels = 1, pooling_factor = 2>>'}}
  %0 = arith.constant dense<0.0> : tensor<1x1x8x8xf32, #pyramid>
}

// -----

// In a region of the kernel as well.
tile.kernel @f() blocks 1 threads 64 {
  %c = arith.constant 0 : i32
  scf.for %i = %c to %c step %c : i32 {
    // expected-error @+1 {{expects layouts of the kernel's 64 threads, but got 'tensor<128xi32, #tile.linear<threads = 128>>' of 128}}
    %0 = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
  }
}

// -----

// A slice has the threads of its layout.
tile.kernel @f() blocks 1 threads 64 {
  // expected-error @+1 {{threads, but got 'tensor<64xi32, #tile.slice<dim = 1, of = #tile.mma<warps = 4>>>' of 128}}
  %0 = tile.range : tensor<64xi32, #tile.slice<dim = 1, of = #tile.mma<warps = 4>>>
}

// -----

tile.kernel @f(%x: !tile.view<1x8xbf16>) blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  // expected-error @+1 {{expects 16-bit elements in tiles of two dimensions only, but got 'bf16'}}
  %0 = tile.load %x[%c, %c] : (!tile.view<1x8xbf16>, i32, i32) -> bf16
}

// -----

#linear = #tile.linear<threads = 32>
tile.kernel @f() blocks 1 threads 32 {
  %0 = arith.constant dense<0.0> : tensor<32xf32, #linear>
  // expected-error @+1 {{expects 16-bit elements in tiles of two dimensions only, but got 'tensor<32xf16, #tile.linear<threads = 32>>'}}
  %1 = arith.truncf %0 : tensor<32xf32, #linear> to tensor<32xf16, #linear>
}

// -----

tile.kernel @f(%x: !tile.view<64xf32>) blocks 1 threads 32 {
  %c = arith.constant 0 : i32
  %0 = scf.for %i = %c to %c step %c iter_args(%y = %x) -> !tile.view<64xf32> : i32 {
    // expected-error @+1 {{'scf.yield' op expects views, shared tiles, rings and what is pending in words of the tile dialect only, but got '!tile.view<64xf32>'}}
    scf.yield %y : !tile.view<64xf32>
  }
}

// -----

tile.kernel @f() blocks 1 threads 32 {
  %true = arith.constant true
  %a = tile.alloc : !tile.shared<64xf32>
  %b = tile.alloc : !tile.shared<64xf32>
  // expected-error @+1 {{expects views, shared tiles, rings and what is pending in words of the tile dialect only, but got '!tile.shared<64xf32>'}}
  %c = arith.select %true, %a, %b : !tile.shared<64xf32>
}
