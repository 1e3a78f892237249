// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

func.func @dilation(%os: tensor<8x2x63x16xbf16>) {
  // expected-error @+1 {{expects a dilation from 1 to the 250 tokens, but got -1}}
  %0 = lighthouse.token_norm %os {dilation = -1, seq_len = 250} : tensor<8x2x63x16xbf16>
  return
}

// -----

func.func @batch(%os: tensor<8x2x63x16xbf16>) {
  // expected-error @+1 {{expects a batch entry for each of 3 residue classes, but got a batch of 8}}
  %0 = lighthouse.token_norm %os {dilation = 3, seq_len = 189} : tensor<8x2x63x16xbf16>
  return
}

// -----

func.func @rows(%os: tensor<8x2x63x16xbf16>) {
  // expected-error @+1 {{expects 64 rows a residue class of 253 tokens, but got 63}}
  %0 = lighthouse.token_norm %os {dilation = 4, seq_len = 253} : tensor<8x2x63x16xbf16>
  return
}
