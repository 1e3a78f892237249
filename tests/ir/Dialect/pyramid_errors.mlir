// SPDX-License-Identifier: Apache-2.0
// RUN: lighthouse-opt %s -verify-diagnostics -split-input-file

// expected-error @+1 {{expects seq_len of at least 1, but got 0}}
#pyramid = #lighthouse.pyramid<seq_len = 0, padded_len = 8, num_levels = 2, pooling_factor = 2>

// -----

// expected-error @+1 {{expects num_levels from 1 to 8, but got 0}}
#pyramid = #lighthouse.pyramid<seq_len = 8, padded_len = 8, num_levels = 0, pooling_factor = 2>

// -----

// expected-error @+1 {{expects num_levels from 1 to 8, but got 9}}
#pyramid = #lighthouse.pyramid<seq_len = 512, padded_len = 512, num_levels = 9, pooling_factor = 2>

// -----

// expected-error @+1 {{expects pooling_factor to be a power of two from 2 to 64, but got 1}}
#pyramid = #lighthouse.pyramid<seq_len = 8, padded_len = 8, num_levels = 2, pooling_factor = 1>

// -----

// expected-error @+1 {{expects pooling_factor to be a power of two from 2 to 64, but got 6}}
#pyramid = #lighthouse.pyramid<seq_len = 36, padded_len = 36, num_levels = 2, pooling_factor = 6>

// -----

// expected-error @+1 {{expects pooling_factor to be a power of two from 2 to 64, but got 128}}
#pyramid = #lighthouse.pyramid<seq_len = 128, padded_len = 128, num_levels = 2, pooling_factor = 128>

// -----

// expected-error @+1 {{expects padded_len to be at least seq_len 9 and a multiple of the coarsest window 4, but got 8}}
#pyramid = #lighthouse.pyramid<seq_len = 9, padded_len = 8, num_levels = 3, pooling_factor = 2>

// -----

// expected-error @+1 {{expects padded_len to be at least seq_len 8 and a multiple of the coarsest window 4, but got 10}}
#pyramid = #lighthouse.pyramid<seq_len = 8, padded_len = 10, num_levels = 3, pooling_factor = 2>

// -----

// Level 0 alone would fit.
// expected-error @+1 {{expects at most 2147483647 entries, but got a padded_len of 2147483640}}
#pyramid = #lighthouse.pyramid<seq_len = 2147483640, padded_len = 2147483640, num_levels = 2, pooling_factor = 2>
