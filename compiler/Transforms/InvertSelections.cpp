// SPDX-License-Identifier: Apache-2.0
//
// Scatters become lookups through the inverse of their selection.
#include "compiler/Passes.h"
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace lighthouse {
#define GEN_PASS_DEF_INVERTSELECTIONS
#include "compiler/Passes.h.inc"
namespace {

struct InvertSelectionsPass : impl::InvertSelectionsBase<InvertSelectionsPass> {
  void runOnOperation() override {
    DenseMap<Value, Value> inverses;
    getOperation().walk([&](Operation *op) {
      if (auto scatter = dyn_cast<ScatterOp>(op); scatter && !scatter.getInverse()) {
        scatter.getIndicesMutable().assign(inverseOf(scatter.getIndices(), inverses));
        scatter.setInverse(true);
      } else if (auto gather = dyn_cast<GatherBackwardOp>(op); gather && !gather.getInverse()) {
        gather.getIndicesMutable().assign(inverseOf(gather.getIndices(), inverses));
        gather.setInverse(true);
      }
    });
  }

  /// One `invert` a selection, right behind it.
  static Value inverseOf(Value indices, DenseMap<Value, Value> &inverses) {
    Value &inverse = inverses[indices];
    if (!inverse) {
      OpBuilder builder(indices.getContext());
      builder.setInsertionPointAfterValue(indices);
      inverse = InvertOp::create(builder, indices.getLoc(), indices);
    }
    return inverse;
  }
};

} // namespace
} // namespace lighthouse
