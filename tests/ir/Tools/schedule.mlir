// SPDX-License-Identifier: Apache-2.0
// Parameters of a kernel in place of its defaults, at each stage from fused on.
// RUN: lighthouse compile --seq-len 64 --head-dim 64 --dtype bfloat16 --arch sm_80 --schedule forward_attend:warps=2,block_rows=32,block_columns=16 --emit fused | FileCheck %s --check-prefix=FUSED
// RUN: lighthouse compile --seq-len 64 --head-dim 64 --dtype bfloat16 --arch sm_80 --schedule forward_attend:warps=2,block_rows=32 --schedule backward_attend_backward_keys:stages=1 --emit tile | FileCheck %s --check-prefix=TILE
// RUN: lighthouse ptx --seq-len 64 --head-dim 64 --dtype bfloat16 --arch sm_80 --schedule forward_attend:warps=2,block_rows=32 --kernel forward_attend | FileCheck %s --check-prefix=PTX
// RUN: lighthouse ptx --seq-len 64 --head-dim 64 --dtype bfloat16 --arch sm_80 --kernel forward_attend | FileCheck %s --check-prefix=DEFAULT
// RUN: lighthouse ptx --seq-len 64 --head-dim 64 --dtype bfloat16 --arch sm_90a --schedule forward_attend:warpgroups=2,block_columns=96 --kernel forward_attend | FileCheck %s --check-prefix=ROLES

// FUSED: lighthouse.kernel "attend" {{.*}} attributes {schedule = {block_columns = 16 : i64, block_rows = 32 : i64, warps = 2 : i64}}
// FUSED-NOT: schedule
// TILE: tile.kernel @forward_attend({{.*}}) blocks 2 threads 64 {
// TILE: tile.kernel @backward_attend_backward_keys({{.*}}) blocks 1 threads 128 {
// PTX: .reqntid 64
// DEFAULT: .reqntid 128
// ROLES: .reqntid 384
