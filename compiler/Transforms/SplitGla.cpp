// SPDX-License-Identifier: Apache-2.0
//
// Gated linear attention's scores in parts, by columns of values.
#include "compiler/Passes.h"
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace lighthouse {
#define GEN_PASS_DEF_SPLITGLA
#include "compiler/Passes.h.inc"
namespace {

struct SplitGlaPass : impl::SplitGlaBase<SplitGlaPass> {
  using SplitGlaBase::SplitGlaBase;

  void runOnOperation() override {
    getOperation().walk([&](PartNormsOp norms) {
      auto squares = norms.getOq().getDefiningOp<GlaSquaresOp>();
      if (squares && squares.getNumParts() == 1)
        split(squares, norms);
    });
  }

  /// Columns of a part: what a thread block has registers and shared memory for.
  int64_t widthFor(RankedTensorType values) const {
    int64_t columns = values.getDimSize(3);
    if (values.getElementTypeBitWidth() != 16 || columns > 128)
      return 16;
    return columns > 64 ? int64_t(narrow) : 64;
  }

  void split(GlaSquaresOp op, PartNormsOp norms) {
    auto values = cast<RankedTensorType>(op.getV().getType());
    int64_t parts = llvm::divideCeil(values.getDimSize(3), widthFor(values));
    if (parts == 1)
      return;
    OpBuilder builder(op);
    auto cut = GlaSquaresOp::create(builder, op.getLoc(), op.getQ(), op.getK(), op.getV(), op.getG(),
                                    op.getDilationAttr(), op.getScaleAttr(), builder.getI64IntegerAttr(parts));
    builder.setInsertionPoint(norms);
    auto sums = PartNormsOp::create(builder, norms.getLoc(), cut.getOq(), cut.getOk());
    norms.replaceAllUsesWith(sums.getResults());
    norms.erase();
    op.erase();
  }
};

} // namespace
} // namespace lighthouse
