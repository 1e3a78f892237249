// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect

tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects to be at the top of a tile.kernel}}
    %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  // expected-error @+1 {{expects 1 to 7 readers, but got 0}}
  %k = tile.ring readers 0 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  // expected-error @+1 {{expects 1 to 7 readers, but got 8}}
  %k = tile.ring readers 8 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  // expected-error @+1 {{expects as many stages as the ring that it goes along with, 2, but got 3}}
  %n = tile.ring readers 2 along %k : !tile.ring<3, !tile.shared<64xf32>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  // expected-error @+1 {{expects to go along with a ring that has barriers and the same readers}}
  %n = tile.ring readers 1 along %k : !tile.ring<2, !tile.shared<64xf32>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  %m = tile.ring readers 2 along %k : !tile.ring<2, !tile.shared<64xf32>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  // expected-error @+1 {{expects to go along with a ring that has barriers and the same readers}}
  %n = tile.ring readers 2 along %m : !tile.ring<2, !tile.shared<64xf32>>, !tile.ring<2, !tile.shared<64xf32>>
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  %k = "test.value"() : () -> !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  // expected-error @+1 {{expects to go along with a ring that has barriers and the same readers}}
  %n = tile.ring readers 2 along %k : !tile.ring<2, !tile.shared<64xf32>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4096x64xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects a role of one thread, but got one of 256}}
    tile.fetch %x[%i, %i, %i], %k[%i] : !tile.view<1x8x4096x64xbf16>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4096x64xbf16>) blocks 1 threads 384 {
  %c = arith.constant 0 : i32
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  // expected-error @+1 {{expects a role of one thread, but got no role around it}}
  tile.fetch %x[%c, %c, %c], %k[%c] : !tile.view<1x8x4096x64xbf16>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4096x64xf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects elements of one type, but got '!tile.view<1x8x4096x64xf16>' and '!tile.shared<64x64xbf16, panels>'}}
    tile.fetch %x[%i, %i, %i], %k[%i] : !tile.view<1x8x4096x64xf16>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4096x64xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects a view of two dimensions or more and 3 coordinates, but got '!tile.view<1x8x4096x64xbf16>' and 2}}
    tile.fetch %x[%i, %i], %k[%i] : !tile.view<1x8x4096x64xbf16>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

// No column.
tile.kernel @f(%x: !tile.view<1x8x4096x64xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects a view of two dimensions or more and 3 coordinates, but got '!tile.view<1x8x4096x64xbf16>' and 4}}
    tile.fetch %x[%i, %i, %i, %i], %k[%i] : !tile.view<1x8x4096x64xbf16>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<4096xf32>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64xf32>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects a view of two dimensions or more and 1 coordinates, but got '!tile.view<4096xf32>' and 1}}
    tile.fetch %x[%i], %k[%i] : !tile.view<4096xf32>, !tile.ring<2, !tile.shared<64xf32>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4096xf32>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64xf32>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects a view of two dimensions or more and 3 coordinates, but got '!tile.view<1x8x4096xf32>' and 2}}
    tile.fetch %x[%i, %i], %k[%i] : !tile.view<1x8x4096xf32>, !tile.ring<2, !tile.shared<64xf32>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4096x64xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<264x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects tiles of at most 256 rows, but got '!tile.shared<264x64xbf16, panels>'}}
    tile.fetch %x[%i, %i, %i], %k[%i] : !tile.view<1x8x4096x64xbf16>, !tile.ring<2, !tile.shared<264x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4096xf32>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<260xf32>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects tiles of at most 256 rows, but got '!tile.shared<260xf32>'}}
    tile.fetch %x[%i, %i, %i], %k[%i] : !tile.view<1x8x4096xf32>, !tile.ring<2, !tile.shared<260xf32>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4096xf32, strided>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64xf32>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects a view that is one run of elements, but got '!tile.view<1x8x4096xf32, strided>'}}
    tile.fetch %x[%i, %i, %i], %k[%i] : !tile.view<1x8x4096xf32, strided>, !tile.ring<2, !tile.shared<64xf32>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4096x80xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects a tile that has the view's 80 columns, but got '!tile.shared<64x64xbf16, panels>'}}
    tile.fetch %x[%i, %i, %i], %k[%i] : !tile.view<1x8x4096x80xbf16>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects a role of warpgroups, but got a role of one thread}}
    %0 = tile.receive %k[%i] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects a role of warpgroups, but got a role of one thread}}
    tile.release %k[%i] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  %n = tile.ring readers 2 along %k : !tile.ring<2, !tile.shared<64xf32>>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects a ring that has barriers, but got one that goes along with another}}
    tile.release %n[%i] : !tile.ring<2, !tile.shared<64xf32>>
  }
}
