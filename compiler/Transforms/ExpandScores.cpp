// SPDX-License-Identifier: Apache-2.0
//
// Exponentials and logarithms of score_by become polynomials: every target then computes the same numbers.
#include "compiler/Passes.h"
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace lighthouse {
#define GEN_PASS_DEF_EXPANDSCORES
#include "compiler/Passes.h.inc"
namespace {

struct ExpandScoresPass : impl::ExpandScoresBase<ExpandScoresPass> {
  void runOnOperation() override {
    SmallVector<Operation *> functions;
    getOperation().walk([&](ScoreByOp op) {
      op.getBody().walk([&](Operation *each) {
        if (isa<math::ExpOp, math::LogOp>(each))
          functions.push_back(each);
      });
    });
    if (functions.empty())
      return;
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
      return name == math::ExpOp::getOperationName() || name == math::LogOp::getOperationName();
    });
    GreedyRewriteConfig config;
    config.setStrictness(GreedyRewriteStrictness::ExistingOps);
    if (failed(applyOpPatternsGreedily(functions, std::move(patterns), config)))
      signalPassFailure();
  }
};

} // namespace
} // namespace lighthouse
