// SPDX-License-Identifier: Apache-2.0
//
// The region of score_by: what it may hold, what a score needs of it, and what it costs.
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace lighthouse {

/// Kernels that pool and score have one schedule, whatever scores.
llvm::StringRef ScoreByOp::getStageName() { return "score"; }

ScoresOp ScoreByOp::getScores() { return cast<ScoresOp>(getBody().front().getTerminator()); }

SmallVector<Operation *> ScoreByOp::opsOf(Side score) {
  llvm::SmallPtrSet<Operation *, 16> needed{getScores()->getOperand(score).getDefiningOp()};
  SmallVector<Operation *> ops;
  for (Operation &op : llvm::reverse(getBody().front().without_terminator())) {
    if (!needed.contains(&op))
      continue;
    ops.push_back(&op);
    for (Value operand : op.getOperands())
      needed.insert(operand.getDefiningOp());
  }
  std::reverse(ops.begin(), ops.end());
  return ops;
}

bool ScoreByOp::reads(Side score, Side argument) {
  Value vector = getBody().getArgument(argument);
  return llvm::any_of(opsOf(score), [&](Operation *op) { return llvm::is_contained(op->getOperands(), vector); });
}

//===-- Rules ------------------------------------------------------------===//

/// A number, or a vector of the head size.
static LogicalResult verifyTypes(Operation *op, int64_t headDim) {
  for (Type type : llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes()))
    if (auto vector = dyn_cast<VectorType>(type); vector && vector.getShape() != ArrayRef(headDim))
      return op->emitOpError("expects numbers and vectors of the head size ") << headDim << ", but got " << type;
  return success();
}

static bool isAllowed(vector::ReductionOp op) {
  using Kind = vector::CombiningKind;
  return !op.getAcc() && llvm::is_contained({Kind::ADD, Kind::MAXIMUMF, Kind::MINIMUMF}, op.getKind());
}

static LogicalResult verifyOp(Operation &op, int64_t headDim) {
  if (failed(verifyTypes(&op, headDim)))
    return failure();
  if (auto reduction = dyn_cast<vector::ReductionOp>(op))
    return isAllowed(reduction)
               ? success()
               : op.emitOpError("expects to be of kind add, maximumf or minimumf without an accumulator, but got ")
                     << stringifyEnum(reduction.getKind());
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    bool isSplat = !isa<VectorType>(constant.getType()) || isa<SplatElementsAttr>(constant.getValue());
    return isSplat ? success() : op.emitOpError("expects one value for all elements, but got ") << constant.getValue();
  }
  if (auto broadcast = dyn_cast<vector::BroadcastOp>(op); broadcast && !isa<VectorType>(broadcast.getSourceType()))
    return success();
  if (op.getNumResults() == 1 && op.getNumRegions() == 0 && op.hasTrait<OpTrait::Elementwise>()) {
    bool isVector = isa<VectorType>(op.getResult(0).getType());
    bool mixes = llvm::any_of(op.getOperandTypes(), [&](Type type) { return isa<VectorType>(type) != isVector; });
    return mixes ? op.emitOpError("expects vectors only or numbers only, but got both") : success();
  }
  return op.emitOpError("expects to be arithmetic on elements, a constant, vector.broadcast of a number or "
                        "vector.reduction");
}

LogicalResult ScoreByOp::verifyRegions() {
  Block &block = getBody().front();
  int64_t headDim = cast<RankedTensorType>(getPq().getType()).getDimSize(3);
  auto vector = VectorType::get(headDim, Float32Type::get(getContext()));
  if (block.getNumArguments() != 2 || block.getArgument(0).getType() != vector ||
      block.getArgument(1).getType() != vector)
    return emitOpError("expects its region to have two arguments of type ")
           << vector << ", but got " << block.getArgumentTypes();
  if (!isa<ScoresOp>(block.getTerminator()))
    return emitOpError("expects its region to end with lighthouse.scores, but got ")
           << block.getTerminator()->getName();
  for (Operation &op : block.without_terminator())
    if (failed(verifyOp(op, headDim)))
      return failure();
  auto heads = [](Value pyramid) { return cast<RankedTensorType>(pyramid.getType()).getDimSize(1); };
  if (heads(getPq()) != heads(getPk()) && reads(Key, Query))
    return emitOpError("expects the score as a key to read the key only, as ")
           << heads(getPq()) << " query heads share " << heads(getPk()) << ", but it reads the query";
  return success();
}

//===-- Cost -------------------------------------------------------------===//

/// Additions and multiplications for one token.
static double flopsOf(ArrayRef<Operation *> ops) {
  double flops = 0;
  for (Operation *op : ops) {
    auto reduction = dyn_cast<vector::ReductionOp>(op);
    bool counts = isa<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp>(op) ||
                  (reduction && reduction.getKind() == vector::CombiningKind::ADD);
    auto vector = counts ? dyn_cast<VectorType>(op->getOperand(0).getType()) : VectorType();
    flops += vector ? static_cast<double>(vector.getNumElements()) : counts;
  }
  return flops;
}

double ScoreByOp::getFlops() {
  double flops = 0;
  for (auto [pyramid, side] : {std::pair(getPq(), Query), std::pair(getPk(), Key)}) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(pyramid.getType()).getShape();
    int64_t tokens = shape[0] * shape[1] * pyramidOf(pyramid).getSeqLen();
    flops += static_cast<double>(tokens) * flopsOf(opsOf(side));
  }
  return flops;
}

} // namespace lighthouse
