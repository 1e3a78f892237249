// SPDX-License-Identifier: Apache-2.0
//
// Tokens' scores by the region of score_by.
#pragma once

#include "compiler/Cuda/Schedule.h"

namespace lighthouse::cuda {

/// The scores of a tile's rows, a f32 a row. `query` and `key` are the rows in f32; what the score does not read may be
/// null.
mlir::Value emitScoreBy(TileBuilder &t, ScoreByOp op, ScoreByOp::Side score, const RowTiles &tiles, mlir::Value query,
                        mlir::Value key);

} // namespace lighthouse::cuda
