// SPDX-License-Identifier: Apache-2.0
// An architecture that there is no code for.
// RUN: not lighthouse-opt %s -lighthouse-lower-kernels-to-tile="arch=sm_70" 2>&1 | FileCheck %s
// RUN: not lighthouse-opt %s -lighthouse-lower-kernels-to-tile="arch=hopper" 2>&1 | FileCheck %s --check-prefix=NAME

// CHECK: error: {{.*}}expects one of sm_80, sm_86, sm_89, sm_90a, sm_100a, sm_103a, sm_120a, but got 'sm_70'
// NAME: error: {{.*}}expects one of sm_80, {{.*}}, but got 'hopper'
