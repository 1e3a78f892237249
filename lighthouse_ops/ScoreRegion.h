// SPDX-License-Identifier: Apache-2.0
//
// The region of score_by from an expression.
#pragma once

#include "dialects/Lighthouse/Lighthouse.h"
#include "lighthouse_ops/ScoreExpression.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace lighthouse {

/// score_by on pyramids, with the expression as its region.
ScoreByOp buildScoreBy(mlir::ImplicitLocOpBuilder &builder, const ScoreExpression &expression, mlir::Value pq,
                       mlir::Value pk);

} // namespace lighthouse
