// SPDX-License-Identifier: Apache-2.0
//
// The adjoint of each stage that passes gradient on.
#include "dialects/Lighthouse/Lighthouse.h"

using namespace mlir;

namespace lighthouse {
namespace {

using Gradients = FailureOr<SmallVector<Value>>;

/// The stages' adjoints need every differentiable result's gradient: a partial one would mean a zero tensor nobody
/// asked for.
LogicalResult expectGradients(Operation *op, ValueRange gradients) {
  if (llvm::all_of(gradients, [](Value gradient) { return bool(gradient); }))
    return success();
  return op->emitOpError("expects a gradient for each of its results, but got some only");
}

} // namespace

Gradients PoolOp::buildAdjoint(OpBuilder &builder, ValueRange gradients) {
  if (failed(expectGradients(*this, gradients)))
    return failure();
  auto op = PoolBackwardOp::create(builder, getLoc(), gradients[0], gradients[1], gradients[2],
                                   getElementTypeOrSelf(getQ().getType()));
  return SmallVector<Value>(op.getResults());
}

Gradients GatherOp::buildAdjoint(OpBuilder &builder, ValueRange gradients) {
  if (failed(expectGradients(*this, gradients)))
    return failure();
  int64_t kvHeads = cast<RankedTensorType>(getPk().getType()).getDimSize(1);
  auto op = GatherBackwardOp::create(builder, getLoc(), gradients[0], gradients[1], gradients[2], getIndices(), kvHeads,
                                     /*inverse=*/false);
  return SmallVector<Value>{op.getDpq(), op.getDpk(), op.getDpv(), Value()};
}

Gradients AttendOp::buildAdjoint(OpBuilder &builder, ValueRange gradients) {
  if (gradients[1])
    return emitOpError("expects no gradient for lse, but got one");
  if (getQs().getType() != getOs().getType() || getKs().getType() != getVs().getType())
    return emitOpError("expects as many query heads as its result has, and as many key heads as value heads, to be "
                       "differentiated, but got ")
           << getQs().getType() << ", " << getKs().getType() << " and " << getVs().getType();
  auto op = AttendBackwardOp::create(builder, getLoc(), getQs(), getKs(), getVs(), getOs(), getLse(), gradients[0],
                                     getScale(), /*parts=*/1);
  return SmallVector<Value>(op.getResults());
}

Gradients ScatterOp::buildAdjoint(OpBuilder &builder, ValueRange gradients) {
  if (getInverse())
    return emitOpError("expects to be differentiated before its selection is inverted, but got an inverse selection");
  auto op = ScatterBackwardOp::create(builder, getLoc(), gradients[0], getIndices());
  return SmallVector<Value>{op.getDos(), Value()};
}

} // namespace lighthouse
