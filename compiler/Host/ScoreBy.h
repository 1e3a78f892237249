// SPDX-License-Identifier: Apache-2.0
//
// A token's scores by the region of score_by.
#pragma once

#include "compiler/Host/Emitter.h"

namespace lighthouse::host {

/// A token's score, f32. `query` and `key` are its rows as `Emitter::loadRow` gives them; one that the score does not
/// read may be empty.
mlir::Value emitScoreBy(Emitter &e, ScoreByOp op, ScoreByOp::Side score, mlir::ValueRange query, mlir::ValueRange key);

} // namespace lighthouse::host
