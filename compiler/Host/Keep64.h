// SPDX-License-Identifier: Apache-2.0
//
// Keeping the 64 candidates with the largest scores: one function a module and kind of scores, called for
// each level and score.
#pragma once

#include "compiler/Host/Emitter.h"

namespace lighthouse::host {

/// State of a window of a tile.
enum Flag : int8_t { kNone = 0, kCandidate = 1, kKept = 2 };

/// Windows of one level that may be kept, as runs of consecutive ones in ascending order.
struct Candidates {
  mlir::Value flags;      ///< memref<?xi8>, a Flag a window
  mlir::Value flag_begin; ///< index of window 0 in flags
  mlir::Value starts;     ///< memref<128xi32>, the first window of each run
  mlir::Value num_runs, run_length;
};

/// The scores of one level: window w has scores[batch][head][begin + w].
struct Scores {
  mlir::Value memref; ///< f32, rank 3
  mlir::Value batch, head, begin;
  bool is_signed; ///< some may be below 0
};

/// Of the candidates not yet kept, marks the 64 with the largest scores as kept; of equal scores the lower window.
/// NaN counts as largest. There are at least 64.
void emitKeep64(KernelContext &context, const Scores &scores, const Candidates &candidates);

} // namespace lighthouse::host
