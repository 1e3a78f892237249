// SPDX-License-Identifier: Apache-2.0
//
// A pyramid of one level is the tokens themselves: its selection is every token in order, so gather and scatter fall
// away and plain causal attention is left.
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace lighthouse {
namespace {

bool isWholeSequence(PyramidAttr pyramid) {
  return pyramid && pyramid.getNumLevels() == 1 && pyramid.getPaddedLen() == pyramid.getSeqLen();
}

/// attend(gather(pool(q, k, v))) of one level is attend(q, k, v).
struct AttendToTokens : OpRewritePattern<AttendOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AttendOp op, PatternRewriter &rewriter) const override {
    auto gather = op.getQs().getDefiningOp<GatherOp>();
    if (!gather || op.getQs() != gather.getQs() || op.getKs() != gather.getKs() || op.getVs() != gather.getVs() ||
        !isWholeSequence(pyramidOf(gather.getIndices())))
      return failure();
    auto pool = gather.getPq().getDefiningOp<PoolOp>();
    if (!pool || gather.getPq() != pool.getPq() || gather.getPk() != pool.getPk() || gather.getPv() != pool.getPv())
      return failure();
    rewriter.modifyOpInPlace(op, [&] { op->setOperands(pool.getOperands()); });
    return success();
  }
};

/// scatter of one level hands its rows on.
struct ScatterToTokens : OpRewritePattern<ScatterOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScatterOp op, PatternRewriter &rewriter) const override {
    if (op.getInverse() || !isWholeSequence(pyramidOf(op.getIndices())))
      return failure();
    rewriter.replaceOp(op, op.getOs());
    return success();
  }
};

} // namespace

void AttendOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<AttendToTokens>(context);
}
void ScatterOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<ScatterToTokens>(context);
}

} // namespace lighthouse
