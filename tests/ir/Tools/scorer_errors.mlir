// SPDX-License-Identifier: Apache-2.0
// RUN: not lighthouse compile --seq-len 2048 --head-dim 16 --levels 2 --scorer mean 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not lighthouse compile --seq-len 2048 --head-dim 16 --levels 2 --scorer 'q * q, norm(k)' 2>&1 | FileCheck %s --check-prefix=VECTOR
// RUN: not lighthouse compile --seq-len 2048 --head-dim 16 --levels 2 --scorer 'softmax(q), norm(k)' 2>&1 | FileCheck %s --check-prefix=FUNCTION
// RUN: not lighthouse compile --seq-len 2048 --head-dim 16 --heads 4 --kv-heads 2 --levels 2 --scorer 'norm(q), sum(q * k)' 2>&1 | FileCheck %s --check-prefix=SHARED

// NAME: lighthouse: error: scorer: expects one of 'norm', 'dilated', 'gla', or a token's two scores as expressions of its query q and key k such as 'sum(q * q), max(abs(k))', but got 'mean'
// VECTOR: lighthouse: error: scorer: expects the score as a query to be a number, but got a vector of head_dim elements in 'q * q, norm(k)'
// FUNCTION: lighthouse: error: scorer: expects one of q, k, numbers, {{.*}}norm, but got 'softmax' at character 1 of 'softmax(q), norm(k)'
// SHARED: lighthouse: error: scorer: expects the score as a key to be of k only where query heads share keys (num_heads=4, num_kv_heads=2), but got q in 'norm(q), sum(q * k)'
