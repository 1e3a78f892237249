// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect

tile.kernel @f() blocks 1 threads 256 {
  %true = arith.constant true
  scf.if %true {
    // expected-error @+1 {{expects to be at the top of a tile.kernel}}
    tile.roles threads [256] registers [240] {
    ^bb0(%i: i32):
    }
  }
}

// -----

tile.kernel @f() blocks 1 threads 256 {
  tile.roles threads [256] registers [240] {
  ^bb0(%i: i32):
  }
  // expected-error @+1 {{expects to be the only one of its kernel}}
  tile.roles threads [256] registers [240] {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  // expected-error @+1 {{expects threads and registers of 2 roles, but got 3 and 2}}
  tile.roles threads [1, 256, 128] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  // expected-error @+1 {{expects threads and registers of 2 roles, but got 2 and 1}}
  tile.roles threads [1, 256] registers [24] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  // expected-error @+1 {{expects roles of 1 thread or a multiple of 128, but got 64}}
  tile.roles threads [1, 64] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  // expected-error @+1 {{expects roles of 1 thread or a multiple of 128, but got 192}}
  tile.roles threads [1, 192] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  // expected-error @+1 {{expects roles of 1 thread or a multiple of 128, but got 0}}
  tile.roles threads [0, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  // expected-error @+1 {{expects registers from 24 to 240 in steps of 8, but got 16}}
  tile.roles threads [1, 256] registers [16, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  // expected-error @+1 {{expects registers from 24 to 240 in steps of 8, but got 248}}
  tile.roles threads [1, 256] registers [24, 248] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  // expected-error @+1 {{expects registers from 24 to 240 in steps of 8, but got 28}}
  tile.roles threads [1, 256] registers [28, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  // expected-error @+1 {{expects each role's region to have one argument of type i32}}
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i64):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  // expected-error @+1 {{expects each role's region to have one argument of type i32}}
  tile.roles threads [1, 256] registers [24, 240] {
    %c = arith.constant 0 : i32
  }, {
  ^bb0(%i: i32):
  }
}

// -----

// One thread has a warpgroup for itself.
tile.kernel @f() blocks 1 threads 288 {
  // expected-error @+1 {{expects roles of the kernel's 288 threads, but got 384}}
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
  }
}

// -----

// The second warpgroup of the second role would wait for registers forever.
tile.kernel @f() blocks 1 threads 384 {
  // expected-error @+1 {{expects at most 64512 registers together, as the block begins with, but got 65536}}
  tile.roles threads [1, 256] registers [32, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 512 {
  // expected-error @+1 {{expects at most 65536 registers together, as the block begins with, but got 95232}}
  tile.roles threads [1, 384] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
  }
}

// -----

// Layouts are a warpgroup's.
tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects layouts of a warpgroup's 128 threads, but got 'tensor<384xi32, #tile.linear<threads = 384>>' of 384}}
    %0 = tile.range : tensor<384xi32, #tile.linear<threads = 384>>
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects all of the block's threads, but got a role around it}}
    tile.barrier
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %x = "test.value"() : () -> tensor<128xi32, #tile.linear<threads = 128>>
    // expected-error @+1 {{expects all of the block's threads, but got a role around it}}
    %0, %1 = tile.scan %x : tensor<128xi32, #tile.linear<threads = 128>>
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %x = "test.value"() : () -> tensor<128xi1, #tile.linear<threads = 128>>
    // expected-error @+1 {{expects all of the block's threads, but got a role around it}}
    %0 = tile.any %x : tensor<128xi1, #tile.linear<threads = 128>>
  }
}

// -----

tile.kernel @f(%x: !tile.view<16xi32>) blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects all of the block's threads, but got a role around it}}
    tile.fill %i, %x[%i] {count = 4} : !tile.view<16xi32>
  }
}

// -----

tile.kernel @f(%x: !tile.view<16xf32>) blocks 1 threads 384 {
  %s = tile.alloc : !tile.shared<16xf32>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects all of the block's threads, but got a role around it}}
    tile.copy %x[%i] limit %i, %s : !tile.view<16xf32>, !tile.shared<16xf32>
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects no register tiles in a role of one thread, but got 'tensor<128xi32, #tile.linear<threads = 128>>'}}
    %0 = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects threads to be a multiple of 128 from 128 to 1024, but got 64}}
    tile.meet %i threads 64
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects threads to be a multiple of 128 from 128 to 1024, but got 192}}
    tile.signal %i threads 192
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects threads to be a multiple of 128 from 128 to 1024, but got 1152}}
    tile.meet %i threads 1152
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects a role of warpgroups, but got a role of one thread}}
    tile.meet %i threads 128
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  %c = arith.constant 1 : i32
  // expected-error @+1 {{expects a role of warpgroups, but got no role around it}}
  tile.signal %c threads 128
}
