// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

func.func @none(%q: tensor<1x1x250x16xf16>) {
  // expected-error @+1 {{expects a dilation from 1 to the 250 tokens, but got 0}}
  %a, %b, %c = lighthouse.dilate %q, %q, %q {dilation = 0} : tensor<1x1x250x16xf16>, tensor<1x1x250x16xf16>, tensor<1x1x250x16xf16>
  return
}

// -----

func.func @more_than_tokens(%q: tensor<1x1x250x16xf16>) {
  // expected-error @+1 {{expects a dilation from 1 to the 250 tokens, but got 251}}
  %a, %b, %c = lighthouse.dilate %q, %q, %q {dilation = 251} : tensor<1x1x250x16xf16>, tensor<1x1x250x16xf16>, tensor<1x1x250x16xf16>
  return
}

// -----

func.func @values(%q: tensor<1x2x250x16xf16>, %v: tensor<1x1x250x16xf16>) {
  // expected-error @+1 {{expects k and v to have the same type, but got 'tensor<1x2x250x16xf16>' and 'tensor<1x1x250x16xf16>'}}
  %a, %b, %c = lighthouse.dilate %q, %q, %v {dilation = 4} : tensor<1x2x250x16xf16>, tensor<1x2x250x16xf16>, tensor<1x1x250x16xf16>
  return
}
