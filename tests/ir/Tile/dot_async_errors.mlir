// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    %b = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    %acc = "test.value"() : () -> tensor<64x128xf32, #mma>
    // expected-error @+1 {{expects an accumulator of type 'tensor<64x64xf32, #tile.mma<warps = 4>>', or pending, but got 'tensor<64x128xf32, #tile.mma<warps = 4>>'}}
    %0 = tile.dot_async %a, %b, %acc : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>, tensor<64x128xf32, #mma>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    %b = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    %acc = "test.value"() : () -> !tile.pending<tensor<64x128xf32, #mma>>
    // expected-error @+1 {{expects an accumulator of type 'tensor<64x64xf32, #tile.mma<warps = 4>>', or pending, but got '!tile.pending<tensor<64x128xf32, #tile.mma<warps = 4>>>'}}
    %0 = tile.dot_async %a, %b, %acc : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>, !tile.pending<tensor<64x128xf32, #mma>>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

// A warpgroup has four warps.
#mma = #tile.mma<warps = 8>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    %b = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    // expected-error @+1 {{expects a product of 64 rows and layout #tile.mma<warps = 4>, but got 'tensor<128x64xf32, #tile.mma<warps = 8>>'}}
    %0 = tile.dot_async %a, %b : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<128x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.shared<128x64xbf16, panels>
    %b = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    // expected-error @+1 {{expects a product of 64 rows and layout #tile.mma<warps = 4>, but got 'tensor<128x64xf32, #tile.mma<warps = 4>>'}}
    %0 = tile.dot_async %a, %b : (!tile.shared<128x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<128x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    %b = "test.value"() : () -> !tile.shared<64x64xbf16>
    // expected-error @+1 {{expects b to be a tile of panels of f16 or bf16, but got '!tile.shared<64x64xbf16>'}}
    %0 = tile.dot_async %a, %b : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    %b = "test.value"() : () -> !tile.shared<64x64xf32, panels>
    // expected-error @+1 {{expects b to be a tile of panels of f16 or bf16, but got '!tile.shared<64x64xf32, panels>'}}
    %0 = tile.dot_async %a, %b : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xf32, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.shared<64x64xbf16>
    %b = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    // expected-error @+1 {{expects a to be a tile of panels, or of the result's layout and not transposed, but got '!tile.shared<64x64xbf16>'}}
    %0 = tile.dot_async %a, %b : (!tile.shared<64x64xbf16>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> tensor<64x64xbf16, #mma>
    %b = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    // expected-error @+1 {{expects a to be a tile of panels, or of the result's layout and not transposed, but got 'tensor<64x64xbf16, #tile.mma<warps = 4>>'}}
    %0 = tile.dot_async %a a_transposed, %b : (tensor<64x64xbf16, #mma>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
#rows = #tile.rows<threads = 128, lanes = 8, elements = 8>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> tensor<64x64xbf16, #rows>
    %b = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    // expected-error @+1 {{expects a to be a tile of panels, or of the result's layout and not transposed, but got 'tensor<64x64xbf16, #tile.rows<threads = 128, lanes = 8, elements = 8>>'}}
    %0 = tile.dot_async %a, %b : (tensor<64x64xbf16, #rows>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> i32
    %b = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    // expected-error @+1 {{expects a to be a tile of panels, or of the result's layout and not transposed, but got 'i32'}}
    %0 = tile.dot_async %a, %b : (i32, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> tensor<64x64xf16, #mma>
    %b = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    // expected-error @+1 {{expects a and b of one element type, but got 'tensor<64x64xf16, #tile.mma<warps = 4>>' and '!tile.shared<64x64xbf16, panels>'}}
    %0 = tile.dot_async %a, %b : (tensor<64x64xf16, #mma>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.shared<64x64xf16, panels>
    %b = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    // expected-error @+1 {{expects a and b of one element type, but got '!tile.shared<64x64xf16, panels>' and '!tile.shared<64x64xbf16, panels>'}}
    %0 = tile.dot_async %a, %b : (!tile.shared<64x64xf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.shared<128x64xbf16, panels>
    %b = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    // expected-error @+1 {{expects shapes [64, K], [K, N] and [64, N], but got [128, 64], [64, 64] and 'tensor<64x64xf32, #tile.mma<warps = 4>>'}}
    %0 = tile.dot_async %a, %b : (!tile.shared<128x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.shared<64x128xbf16, panels>
    %b = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    // expected-error @+1 {{expects shapes [64, K], [K, N] and [64, N], but got [64, 128], [64, 64] and}}
    %0 = tile.dot_async %a, %b : (!tile.shared<64x128xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    %b = "test.value"() : () -> !tile.shared<64x128xbf16, panels>
    // expected-error @+1 {{expects shapes [64, K], [K, N] and [64, N], but got [64, 64], [64, 128] and}}
    %0 = tile.dot_async %a, %b : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x128xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

// As it stands transposed.
#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    %b = "test.value"() : () -> !tile.shared<64x128xbf16, panels>
    // expected-error @+1 {{expects shapes [64, K], [K, N] and [64, N], but got [64, 64], [128, 64] and}}
    %0 = tile.dot_async %a, %b b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x128xbf16, panels>) -> !tile.pending<tensor<64x128xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.shared<64x128xbf16, panels>
    %b = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    // expected-error @+1 {{expects shapes [64, K], [K, N] and [64, N], but got [128, 64], [64, 64] and}}
    %0 = tile.dot_async %a a_transposed, %b : (!tile.shared<64x128xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.shared<24x64xbf16, panels>
    %b = "test.value"() : () -> !tile.shared<24x64xbf16, panels>
    // expected-error @+1 {{expects K to be a multiple of 16 and N at most 256, but got 24 and 64}}
    %0 = tile.dot_async %a a_transposed, %b : (!tile.shared<24x64xbf16, panels>, !tile.shared<24x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    %b = "test.value"() : () -> !tile.shared<264x64xbf16, panels>
    // expected-error @+1 {{expects K to be a multiple of 16 and N at most 256, but got 64 and 264}}
    %0 = tile.dot_async %a, %b b_transposed : (!tile.shared<64x64xbf16, panels>, !tile.shared<264x64xbf16, panels>) -> !tile.pending<tensor<64x264xf32, #mma>>
  }
}

// -----

// In a role of warpgroups only.
#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 128 {
  %a = tile.alloc : !tile.shared<64x64xbf16, panels>
  // expected-error @+1 {{expects a role of warpgroups, but got no role around it}}
  %0 = tile.dot_async %a, %a : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    // expected-error @+1 {{expects a role of warpgroups, but got a role of one thread}}
    %0 = tile.dot_async %a, %a : (!tile.shared<64x64xbf16, panels>, !tile.shared<64x64xbf16, panels>) -> !tile.pending<tensor<64x64xf32, #mma>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.pending<tensor<64x64xf32, #mma>>
    // expected-error @+1 {{expects a role of warpgroups, but got a role of one thread}}
    %0 = tile.await %a : !tile.pending<tensor<64x64xf32, #mma>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

// Nothing but await takes what is pending.
#mma = #tile.mma<warps = 4>
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %a = "test.value"() : () -> !tile.pending<tensor<64x64xf32, #mma>>
    %true = arith.constant true
    // expected-error @+1 {{expects views, shared tiles, rings and what is pending in words of the tile dialect only, but got '!tile.pending<tensor<64x64xf32, #tile.mma<warps = 4>>>'}}
    %0 = arith.select %true, %a, %a : !tile.pending<tensor<64x64xf32, #mma>>
  }
}
