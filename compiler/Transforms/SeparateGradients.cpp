// SPDX-License-Identifier: Apache-2.0
//
// Attention's backward cut by what it gives, for targets of many independent work items.
#include "compiler/Passes.h"
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace lighthouse {
#define GEN_PASS_DEF_SEPARATEGRADIENTS
#include "compiler/Passes.h.inc"
namespace {

struct SeparateGradientsPass : impl::SeparateGradientsBase<SeparateGradientsPass> {
  void runOnOperation() override {
    getOperation().walk([](AttendBackwardOp op) {
      if (op.getParts() == 1)
        separate(op);
    });
  }

  static void separate(AttendBackwardOp op) {
    OpBuilder builder(op);
    Location loc = op.getLoc();
    Value delta = RowDotOp::create(builder, loc, op.getOs(), op.getDos());
    auto keys = AttendBackwardKeysOp::create(builder, loc, op.getQs(), op.getKs(), op.getVs(), op.getLse(), delta,
                                             op.getDos(), op.getScaleAttr());
    auto queries = AttendBackwardQueriesOp::create(builder, loc, op.getQs(), op.getKs(), op.getVs(), op.getLse(), delta,
                                                   op.getDos(), op.getScaleAttr());
    op.replaceAllUsesWith(ValueRange{queries.getDqs(), keys.getDks(), keys.getDvs()});
    op.erase();
  }
};

} // namespace
} // namespace lighthouse
