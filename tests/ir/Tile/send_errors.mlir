// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file -allow-unregistered-dialect

tile.kernel @f(%x: !tile.view<1x8x4096x128xbf16>) blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %s = "test.value"() : () -> !tile.shared<64x128xbf16>
    // expected-error @+1 {{expects a tile of panels, but got '!tile.shared<64x128xbf16>'}}
    tile.send %s, %x[%i, %i, %i] : !tile.shared<64x128xbf16>, !tile.view<1x8x4096x128xbf16>
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4096x128xbf16>) blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %s = "test.value"() : () -> !tile.shared<64x128xbf16, panels>
    // expected-error @+1 {{expects to add tiles of f32, but got '!tile.shared<64x128xbf16, panels>'}}
    tile.send add %s, %x[%i, %i, %i] : !tile.shared<64x128xbf16, panels>, !tile.view<1x8x4096x128xbf16>
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4096x128xbf16>) blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %s = "test.value"() : () -> !tile.shared<64x128xf16, panels>
    // expected-error @+1 {{expects elements of one type, but got '!tile.view<1x8x4096x128xbf16>' and '!tile.shared<64x128xf16, panels>'}}
    tile.send %s, %x[%i, %i, %i] : !tile.shared<64x128xf16, panels>, !tile.view<1x8x4096x128xbf16>
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4096x128xbf16>) blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %s = "test.value"() : () -> !tile.shared<64x128xbf16, panels>
    // expected-error @+1 {{expects a view of two dimensions or more and 3 coordinates, but got '!tile.view<1x8x4096x128xbf16>' and 2}}
    tile.send %s, %x[%i, %i] : !tile.shared<64x128xbf16, panels>, !tile.view<1x8x4096x128xbf16>
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4096x128xbf16>) blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %s = "test.value"() : () -> !tile.shared<264x128xbf16, panels>
    // expected-error @+1 {{expects tiles of at most 256 rows, but got '!tile.shared<264x128xbf16, panels>'}}
    tile.send %s, %x[%i, %i, %i] : !tile.shared<264x128xbf16, panels>, !tile.view<1x8x4096x128xbf16>
  }
}

// -----

// Without a column it has all of them.
tile.kernel @f(%x: !tile.view<1x8x4096x128xbf16>) blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
  }, {
  ^bb0(%i: i32):
    %s = "test.value"() : () -> !tile.shared<64x64xbf16, panels>
    // expected-error @+1 {{expects a tile that has the view's 128 columns, but got '!tile.shared<64x64xbf16, panels>'}}
    tile.send %s, %x[%i, %i, %i] : !tile.shared<64x64xbf16, panels>, !tile.view<1x8x4096x128xbf16>
  }
}

// -----

tile.kernel @f(%x: !tile.view<1x8x4096x128xbf16>) blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    %s = "test.value"() : () -> !tile.shared<64x128xbf16, panels>
    // expected-error @+1 {{expects a role of warpgroups, but got a role of one thread}}
    tile.send %s, %x[%i, %i, %i] : !tile.shared<64x128xbf16, panels>, !tile.view<1x8x4096x128xbf16>
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects a role of warpgroups, but got a role of one thread}}
    tile.publish
  }, {
  ^bb0(%i: i32):
  }
}

// -----

tile.kernel @f() blocks 1 threads 384 {
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    // expected-error @+1 {{expects a role of warpgroups, but got a role of one thread}}
    tile.drain
  }, {
  ^bb0(%i: i32):
  }
}

// -----

// What is sent is not fetched.
// expected-error @+1 {{expects a view to be loaded or stored to, not both, but got argument 0 of type '!tile.view<1x8x4096x64xbf16>'}}
tile.kernel @f(%x: !tile.view<1x8x4096x64xbf16>) blocks 1 threads 384 {
  %k = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  tile.roles threads [1, 256] registers [24, 240] {
  ^bb0(%i: i32):
    tile.fetch %x[%i, %i, %i], %k[%i] : !tile.view<1x8x4096x64xbf16>, !tile.ring<2, !tile.shared<64x64xbf16, panels>>
  }, {
  ^bb0(%i: i32):
    %0 = tile.receive %k[%i] : !tile.ring<2, !tile.shared<64x64xbf16, panels>>
    tile.send %0, %x[%i, %i, %i] : !tile.shared<64x64xbf16, panels>, !tile.view<1x8x4096x64xbf16>
  }
}
