// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

!rows = tensor<1x2x100x16xf32>
func.func @type_count(%q: !rows) {
  // expected-error @+1 {{expects a type for each of the 1 tensors read, but got 2}}
  lighthouse.kernel "f" reads(%a = %q) : (!rows, !rows) -> () {
    lighthouse.yield
  }
  return
}

// -----

!rows = tensor<1x2x100x16xf32>
func.func @arguments(%q: !rows) {
  // expected-error @+1 {{expects the region's arguments to have the types of what is read, ('tensor<1x2x100x16xf32>'), but got ('tensor<1x2x100x16xbf16>')}}
  "lighthouse.kernel"(%q) <{sym_name = "f"}> ({
  ^bb0(%a: tensor<1x2x100x16xbf16>):
    "lighthouse.yield"() : () -> ()
  }) : (!rows) -> ()
  return
}

// -----

!rows = tensor<1x2x100x16xf32>
func.func @results(%q: !rows) {
  // expected-error @+1 {{expects the region to yield values of the result types, ('tensor<1x2x100xf32>'), but got ('tensor<1x2x100x16xf32>')}}
  %0 = lighthouse.kernel "f" reads(%a = %q) : (!rows) -> tensor<1x2x100xf32> {
    lighthouse.yield %a : !rows
  }
  return
}

// -----

!rows = tensor<1x2x100x16xf32>
func.func @result_count(%q: !rows) {
  // expected-error @+1 {{expects the region to yield values of the result types, ('tensor<1x2x100x16xf32>'), but got ()}}
  %0 = lighthouse.kernel "f" reads(%a = %q) : (!rows) -> !rows {
  }
  return
}

// -----

!rows = tensor<1x2x100x16xf32>
func.func @no_stage(%q: !rows) {
  lighthouse.kernel "f" reads(%a = %q) : (!rows) -> () {
    // expected-error @+1 {{'arith.negf' op expects to stand outside of a kernel, whose region holds stages only}}
    %0 = arith.negf %a : !rows
    lighthouse.yield
  }
  return
}

// -----

!rows = tensor<1x2x100x16xf32>
func.func @nested() {
  lighthouse.kernel "f" reads() : () -> () {
    // expected-error @+1 {{'lighthouse.kernel' op expects to stand outside of a kernel, whose region holds stages only}}
    lighthouse.kernel "g" reads() : () -> () {
    }
  }
  return
}

// -----

!rows = tensor<1x2x100x16xf32>
func.func @from_above(%q: !rows) {
  // expected-note @+1 {{required by region isolation constraints}}
  lighthouse.kernel "f" reads() : () -> () {
    // expected-error @+1 {{'lighthouse.attend' op using value defined outside the region}}
    %0, %1 = lighthouse.attend %q, %q, %q {scale = 0.25 : f32} : !rows, !rows, !rows
    lighthouse.yield
  }
  return
}

// -----

func.func @yield_outside() {
  // expected-error @+1 {{'lighthouse.yield' op expects parent op 'lighthouse.kernel'}}
  lighthouse.yield
}
