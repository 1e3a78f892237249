// SPDX-License-Identifier: Apache-2.0
//
// What the two forward schedules of attention share.
#pragma once

#include "compiler/Host/Matmul.h"

namespace lighthouse::host {

/// The results of a block of queries, still transposed and not yet divided by their sums.
struct AttendBlock {
  mlir::Value batch, head;
  mlir::Value first;        ///< query of the block
  mlir::Value ot;           ///< f32 scratch [>= head_dim][queries]
  mlir::Value maxima, sums; ///< f32 scratch [queries]; maxima of log2(e) times the logits
};

/// The head of an operand that a head of the result reads.
mlir::Value sharedHead(Emitter &e, AttendOp op, mlir::Value head, mlir::Value tensor);

/// What `body` emits, for an item whose first query there is.
void ifAny(KernelContext &context, AttendOp op, mlir::Value first, llvm::function_ref<void()> body);

/// Writes what leaves the kernel of os, lse and the norms of os, for the block's queries below the number of rows.
void finishAttend(KernelContext &context, AttendOp op, const AttendBlock &block);

/// The schedule for CPUs that multiply tiles of bfloat16 (AMX). Takes bfloat16 rows.
int64_t emitAttendTiles(KernelContext &context, AttendOp op);

} // namespace lighthouse::host
