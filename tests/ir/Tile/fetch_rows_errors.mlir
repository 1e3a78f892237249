// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect

tile.kernel @f(%x: !tile.view<1x8x4000x64xbf16>, %y: !tile.view<1x8x1344x64xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [128, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %r = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
    // expected-error @+1 {{expects a role of 128 threads, but got one of 256}}
    tile.fetch_rows %x, %y[%i, %i] rows %r split 4096, %k[%i] : !tile.view<1x8x4000x64xbf16>, !tile.view<1x8x1344x64xbf16>, tensor<128xi32, #tile.linear<threads = 128>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4000x64xbf16>, %y: !tile.view<1x8x1344x64xbf16>) blocks 1 threads 128 {
  %i = arith.constant 0 : i32
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  %r = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
  // expected-error @+1 {{expects a role of 128 threads, but got no role around it}}
  tile.fetch_rows %x, %y[%i, %i] rows %r split 4096, %k[%i] : !tile.view<1x8x4000x64xbf16>, !tile.view<1x8x1344x64xbf16>, tensor<128xi32, #tile.linear<threads = 128>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4000x32xf32>, %y: !tile.view<1x8x1344x32xf32>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x32xf32, panels>>
  tile.roles threads [128, 256] registers [24, 240] {
  ^bb0(%i: i32):
    %r = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
    // expected-error @+1 {{expects tiles of two dimensions with elements of 16 bits, but got '!tile.shared<64x32xf32, panels>'}}
    tile.fetch_rows %x, %y[%i, %i] rows %r split 4096, %k[%i] : !tile.view<1x8x4000x32xf32>, !tile.view<1x8x1344x32xf32>, tensor<128xi32, #tile.linear<threads = 128>>, !tile.ring<2, !tile.shared<64x32xf32, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4000x64xbf16>, %y: !tile.view<1x8x1344x64xf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [128, 256] registers [24, 240] {
  ^bb0(%i: i32):
    %r = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
    // expected-error @+1 {{expects elements of one type, but got '!tile.view<1x8x4000x64xbf16>', '!tile.view<1x8x1344x64xf16>' and '!tile.shared<64x64xbf16, panels>'}}
    tile.fetch_rows %x, %y[%i, %i] rows %r split 4096, %k[%i] : !tile.view<1x8x4000x64xbf16>, !tile.view<1x8x1344x64xf16>, tensor<128xi32, #tile.linear<threads = 128>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4000x64xbf16>, %y: !tile.view<8x1344x64xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [128, 256] registers [24, 240] {
  ^bb0(%i: i32):
    %r = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
    // expected-error @+1 {{expects two views of one rank and coordinates of all dimensions but two, but got '!tile.view<1x8x4000x64xbf16>', '!tile.view<8x1344x64xbf16>' and 2}}
    tile.fetch_rows %x, %y[%i, %i] rows %r split 4096, %k[%i] : !tile.view<1x8x4000x64xbf16>, !tile.view<8x1344x64xbf16>, tensor<128xi32, #tile.linear<threads = 128>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4000x64xbf16>, %y: !tile.view<1x8x1344x64xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [128, 256] registers [24, 240] {
  ^bb0(%i: i32):
    %r = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
    // expected-error @+1 {{expects two views of one rank and coordinates of all dimensions but two, but got '!tile.view<1x8x4000x64xbf16>', '!tile.view<1x8x1344x64xbf16>' and 1}}
    tile.fetch_rows %x, %y[%i] rows %r split 4096, %k[%i] : !tile.view<1x8x4000x64xbf16>, !tile.view<1x8x1344x64xbf16>, tensor<128xi32, #tile.linear<threads = 128>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4000x64xbf16>, %y: !tile.view<1x8x1344x40xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [128, 256] registers [24, 240] {
  ^bb0(%i: i32):
    %r = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
    // expected-error @+1 {{expects views of one number of columns, a multiple of 8 that the tile has room for, but got '!tile.view<1x8x4000x64xbf16>', '!tile.view<1x8x1344x40xbf16>' and '!tile.shared<64x64xbf16, panels>'}}
    tile.fetch_rows %x, %y[%i, %i] rows %r split 4096, %k[%i] : !tile.view<1x8x4000x64xbf16>, !tile.view<1x8x1344x40xbf16>, tensor<128xi32, #tile.linear<threads = 128>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4000x80xbf16>, %y: !tile.view<1x8x1344x80xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [128, 256] registers [24, 240] {
  ^bb0(%i: i32):
    %r = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
    // expected-error @+1 {{expects views of one number of columns, a multiple of 8 that the tile has room for, but got '!tile.view<1x8x4000x80xbf16>', '!tile.view<1x8x1344x80xbf16>' and '!tile.shared<64x64xbf16, panels>'}}
    tile.fetch_rows %x, %y[%i, %i] rows %r split 4096, %k[%i] : !tile.view<1x8x4000x80xbf16>, !tile.view<1x8x1344x80xbf16>, tensor<128xi32, #tile.linear<threads = 128>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4000x36xbf16>, %y: !tile.view<1x8x1344x36xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [128, 256] registers [24, 240] {
  ^bb0(%i: i32):
    %r = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
    // expected-error @+1 {{expects views of one number of columns, a multiple of 8 that the tile has room for, but got '!tile.view<1x8x4000x36xbf16>', '!tile.view<1x8x1344x36xbf16>' and '!tile.shared<64x64xbf16, panels>'}}
    tile.fetch_rows %x, %y[%i, %i] rows %r split 4096, %k[%i] : !tile.view<1x8x4000x36xbf16>, !tile.view<1x8x1344x36xbf16>, tensor<128xi32, #tile.linear<threads = 128>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4000x64xbf16>, %y: !tile.view<1x8x1344x64xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<192x64xbf16, panels>>
  tile.roles threads [128, 256] registers [24, 240] {
  ^bb0(%i: i32):
    %r = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
    // expected-error @+1 {{expects a number for each of the tile's rows, of layout #tile.linear<threads = 128>, but got 'tensor<128xi32, #tile.linear<threads = 128>>' for '!tile.shared<192x64xbf16, panels>'}}
    tile.fetch_rows %x, %y[%i, %i] rows %r split 4096, %k[%i] : !tile.view<1x8x4000x64xbf16>, !tile.view<1x8x1344x64xbf16>, tensor<128xi32, #tile.linear<threads = 128>>, !tile.ring<2, !tile.shared<192x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4000x64xbf16>, %y: !tile.view<1x8x1344x64xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [128, 256] registers [24, 240] {
  ^bb0(%i: i32):
    %r = "test.value"() : () -> tensor<128xi32, #tile.linear<threads = 64>>
    // expected-error @+1 {{expects a number for each of the tile's rows, of layout #tile.linear<threads = 128>, but got 'tensor<128xi32, #tile.linear<threads = 64>>' for '!tile.shared<64x64xbf16, panels>'}}
    tile.fetch_rows %x, %y[%i, %i] rows %r split 4096, %k[%i] : !tile.view<1x8x4000x64xbf16>, !tile.view<1x8x1344x64xbf16>, tensor<128xi32, #tile.linear<threads = 64>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4000x64xbf16>, %y: !tile.view<1x8x1344x64xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [128, 256] registers [24, 240] {
  ^bb0(%i: i32):
    %r = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
    // expected-error @+1 {{expects a split behind the first view's rows, but got 3999}}
    tile.fetch_rows %x, %y[%i, %i] rows %r split 3999, %k[%i] : !tile.view<1x8x4000x64xbf16>, !tile.view<1x8x1344x64xbf16>, tensor<128xi32, #tile.linear<threads = 128>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4000x64xbf16>, %y: !tile.view<1x8x1344x64xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  %l = tile.ring readers 2 along %k : !tile.ring<2, !tile.shared<64x64xbf16, panels>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [128, 256] registers [24, 240] {
  ^bb0(%i: i32):
    %r = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
    // expected-error @+1 {{expects a ring of its own, with no tiles of fetch and no ring that goes along}}
    tile.fetch_rows %x, %y[%i, %i] rows %r split 4096, %k[%i] : !tile.view<1x8x4000x64xbf16>, !tile.view<1x8x1344x64xbf16>, tensor<128xi32, #tile.linear<threads = 128>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4000x64xbf16>, %y: !tile.view<1x8x1344x64xbf16>) blocks 1 threads 512 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [128, 1, 256] registers [24, 24, 160] {
  ^bb0(%i: i32):
    %r = tile.range : tensor<128xi32, #tile.linear<threads = 128>>
    // expected-error @+1 {{expects a ring of its own, with no tiles of fetch and no ring that goes along}}
    tile.fetch_rows %x, %y[%i, %i] rows %r split 4096, %k[%i] : !tile.view<1x8x4000x64xbf16>, !tile.view<1x8x1344x64xbf16>, tensor<128xi32, #tile.linear<threads = 128>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
    tile.fetch %x[%i, %i, %i], %k[%i] : !tile.view<1x8x4000x64xbf16>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}
