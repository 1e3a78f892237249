// SPDX-License-Identifier: Apache-2.0
//
// Attention's backward in enough parts for many cores.
#include "compiler/Passes.h"
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace lighthouse {
#define GEN_PASS_DEF_SPLITATTENTION
#include "compiler/Passes.h.inc"
namespace {

struct SplitAttentionPass : impl::SplitAttentionBase<SplitAttentionPass> {
  using SplitAttentionBase::SplitAttentionBase;

  void runOnOperation() override {
    getOperation().walk([&](AttendBackwardOp op) {
      auto keys = cast<RankedTensorType>(op.getKs().getType());
      int64_t wanted = llvm::divideCeil(items, keys.getDimSize(0) * keys.getDimSize(1));
      int64_t parts = partCount(keys.getDimSize(2), wanted);
      if (op.getParts() == 1 && parts > 1)
        split(op, parts);
    });
  }

  static void split(AttendBackwardOp op, int64_t parts) {
    OpBuilder builder(op);
    auto cut = AttendBackwardOp::create(builder, op.getLoc(), op.getQs(), op.getKs(), op.getVs(), op.getOs(),
                                        op.getLse(), op.getDos(), op.getScaleAttr(), builder.getI64IntegerAttr(parts));
    auto sum = SumPartsOp::create(builder, op.getLoc(), cut.getDqs(), parts);
    op.replaceAllUsesWith(ValueRange{sum.getSum(), cut.getDks(), cut.getDvs()});
    op.erase();
  }
};

} // namespace
} // namespace lighthouse
