// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

func.func @no_head(%x: tensor<1x0x2x100xf32>) {
  // expected-error @+1 {{expects oq to have a batch and heads of at least 1, but got 'tensor<1x0x2x100xf32>'}}
  %tq, %tk = lighthouse.part_norms %x, %x : tensor<1x0x2x100xf32>
  return
}
