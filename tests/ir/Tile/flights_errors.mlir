// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects an await in the same block of ops for each product}}
    %0 = tile.dot_async %q, %q b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

// Of two, each has its own: its tile is not there otherwise.
#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects an await in the same block of ops for each product}}
    %0 = tile.dot_async %q, %q b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    %1 = tile.dot_async %q, %q b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    %2 = tile.await %1 : !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %true = arith.constant true
    %0 = tile.dot_async %q, %q b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    scf.if %true {
      // expected-error @+1 {{expects a product of the same block of ops that is under way}}
      %1 = tile.await %0 : !tile.pending<tensor<64x64xf32, #mma>>
    }
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %0 = tile.dot_async %q, %q b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    %1 = tile.await %0 : !tile.pending<tensor<64x64xf32, #mma>>
    // expected-error @+1 {{expects a product of the same block of ops that is under way}}
    %2 = tile.await %0 : !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

// The sums of one that is awaited are no longer its own.
#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %0 = tile.dot_async %q, %q b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    %1 = tile.await %0 : !tile.pending<tensor<64x64xf32, #mma>>
    // expected-error @+1 {{expects to add to a product of the same block of ops that is under way}}
    %2 = tile.dot_async %q, %q, %0 : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>, !tile.pending<tensor<64x64xf32, #mma>>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

// One that another goes on with is awaited with it.
#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %0 = tile.dot_async %q, %q b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    %1 = tile.dot_async %q, %q, %0 : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>, !tile.pending<tensor<64x64xf32, #mma>>) -> !tile.pending<tensor<64x64xf32, #mma>>
    // expected-error @+1 {{expects a product of the same block of ops that is under way}}
    %2 = tile.await %0 : !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %c = arith.constant 1 : i32
    %0 = tile.dot_async %q, %q b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    // expected-error @+1 {{expects products around it to be awaited, as there are some in it}}
    scf.for %n = %i to %c step %c : i32 {
      %1 = tile.dot_async %q, %q b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
      %2 = tile.await %1 : !tile.pending<tensor<64x64xf32, #mma>>
    }
    %3 = tile.await %0 : !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

// The assembler would hold the second product back.
#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %0 = tile.dot_async %q, %q b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    %1 = tile.dot_async %q, %q : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    %2 = tile.await %0 : !tile.pending<tensor<64x64xf32, #mma>>
    %3 = arith.truncf %2 : tensor<64x64xf32, #mma> to tensor<64x64xbf16, #mma>
    %4 = tile.await %1 : !tile.pending<tensor<64x64xf32, #mma>>
    // expected-error @+1 {{expects a of registers to be made while no product is under way}}
    %5 = tile.dot_async %3, %q : (tensor<64x64xbf16, #mma>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    %6 = tile.await %5 : !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

// Made in a block of ops inside.
#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %true = arith.constant true
    %none = arith.constant dense<0.0> : tensor<64x64xf32, #mma>
    %0 = tile.dot_async %q, %q b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    %1 = scf.if %true -> tensor<64x64xbf16, #mma> {
      %2 = arith.truncf %none : tensor<64x64xf32, #mma> to tensor<64x64xbf16, #mma>
      scf.yield %2 : tensor<64x64xbf16, #mma>
    } else {
      %2 = arith.constant dense<1.0> : tensor<64x64xbf16, #mma>
      scf.yield %2 : tensor<64x64xbf16, #mma>
    }
    %3 = tile.await %0 : !tile.pending<tensor<64x64xf32, #mma>>
    // expected-error @+1 {{expects a of registers to be made while no product is under way}}
    %4 = tile.dot_async %1, %q : (tensor<64x64xbf16, #mma>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    %5 = tile.await %4 : !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %tile = tile.receive %k[%i] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
    %0 = tile.dot_async %q, %tile : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    // expected-error @+1 {{expects no product under way that reads the tile}}
    tile.release %k[%i] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
    %1 = tile.await %0 : !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

// In a block of ops inside.
#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %true = arith.constant true
    %tile = tile.receive %k[%i] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
    %0 = tile.dot_async %q, %tile : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    scf.if %true {
      // expected-error @+1 {{expects no product under way that reads the tile}}
      tile.release %k[%i] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
    }
    %1 = tile.await %0 : !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

// One of two, and a panel of it.
#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %tile = tile.receive %k[%i] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
    %one = tile.choose %q, %tile by %i : !tile.shared<64x64xbf16, panels>
    %panel = tile.panel %one[%i] : !tile.shared<64x64xbf16, panels> to !tile.shared<64x64xbf16, panels>
    %0 = tile.dot_async %panel, %q : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    // expected-error @+1 {{expects no product under way that reads the tile}}
    tile.release %k[%i] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
    %1 = tile.await %0 : !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %x = arith.constant dense<0.0> : tensor<64x64xbf16, #mma>
    tile.write %x, %q : (tensor<64x64xbf16, #mma>, !tile.shared<64x64xbf16, panels>)
    // expected-error @+1 {{expects a publish after its shared tile was written}}
    %0 = tile.dot_async %q, %q b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    %1 = tile.await %0 : !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

// Written through another name.
#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %x = arith.constant dense<0.0> : tensor<64x64xbf16, #mma>
    %tile = tile.receive %k[%i] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
    %one = tile.choose %q, %tile by %i : !tile.shared<64x64xbf16, panels>
    tile.write %x, %one : (tensor<64x64xbf16, #mma>, !tile.shared<64x64xbf16, panels>)
    %panel = tile.panel %q[%i] : !tile.shared<64x64xbf16, panels> to !tile.shared<64x64xbf16, panels>
    // expected-error @+1 {{expects a publish after its shared tile was written}}
    %0 = tile.dot_async %tile, %panel : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    %1 = tile.await %0 : !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

// Written at the end of a loop.
#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %c = arith.constant 1 : i32
    %x = arith.constant dense<0.0> : tensor<64x64xbf16, #mma>
    scf.for %n = %i to %c step %c : i32 {
      // expected-error @+1 {{expects a publish after its shared tile was written}}
      %0 = tile.dot_async %q, %q b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
      %1 = tile.await %0 : !tile.pending<tensor<64x64xf32, #mma>>
      tile.write %x, %q : (tensor<64x64xbf16, #mma>, !tile.shared<64x64xbf16, panels>)
    }
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f(%y: !tile.view<1x8x4096x64xbf16>) blocks 1 threads 384 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %x = arith.constant dense<0.0> : tensor<64x64xbf16, #mma>
    tile.write %x, %q : (tensor<64x64xbf16, #mma>, !tile.shared<64x64xbf16, panels>)
    // expected-error @+1 {{expects a publish after its tile was written}}
    tile.send %q, %y[%i, %i, %i] : !tile.shared<64x64xbf16, panels>, !tile.view<1x8x4096x64xbf16>
  }
}

// -----

// Copied.
#mma = #tile.mma<warps = 4>
tile.kernel @f(%x: !tile.view<1x8x4096x64xbf16>) blocks 1 threads 128 {
  %q = tile.alloc : !tile.shared<64x64xbf16, panels>
  tile.roles threads [128] registers [240] {
  ^bb0(%i: i32):
    tile.copy %x[%i, %i, %i] limit %i, %q : !tile.view<1x8x4096x64xbf16>, !tile.shared<64x64xbf16, panels>
    tile.commit
    tile.wait {pending = 0}
    tile.barrier
    // expected-error @+1 {{expects a publish after its shared tile was written}}
    %0 = tile.dot_async %q, %q b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
    %1 = tile.await %0 : !tile.pending<tensor<64x64xf32, #mma>>
  }
}
