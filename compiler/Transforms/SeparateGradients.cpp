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
  using SeparateGradientsBase::SeparateGradientsBase;

  void runOnOperation() override {
    getOperation().walk([&](AttendBackwardOp op) {
      if (op.getParts() == 1)
        separate(op);
    });
  }

  /// Whether they are what the caller gets, who wants no more than the elements of its tensors, rounded or not.
  static bool onlyReturned(Value dks, Value dvs) {
    return llvm::all_of(
        llvm::concat<Operation *const>(llvm::to_vector(dks.getUsers()), llvm::to_vector(dvs.getUsers())),
        [](Operation *user) { return isa<func::ReturnOp, RoundOp>(user); });
  }

  static void leaveOutRounding(Value gradient) {
    for (Operation *user : llvm::make_early_inc_range(gradient.getUsers()))
      if (auto round = dyn_cast<RoundOp>(user)) {
        round.replaceAllUsesWith(gradient);
        round.erase();
      }
  }

  void retypeFunction() {
    func::FuncOp function = getOperation();
    TypeRange results = function.getBody().front().getTerminator()->getOperandTypes();
    function.setType(FunctionType::get(&getContext(), function.getArgumentTypes(), results));
  }

  void separate(AttendBackwardOp op) {
    OpBuilder builder(op);
    Location loc = op.getLoc();
    Value delta = RowDotOp::create(builder, loc, op.getOs(), op.getDos());
    auto rows = cast<RankedTensorType>(op.getQs().getType());
    if (rows.getElementTypeBitWidth() == 16 && rows.getShape().back() <= joined) {
      // Several heads add to the gradients of keys that they share.
      bool shared = op.getQs().getType() != op.getKs().getType();
      UnitAttr narrow = !shared && onlyReturned(op.getDks(), op.getDvs()) ? builder.getUnitAttr() : UnitAttr();
      auto all = AttendBackwardJoinedOp::create(builder, loc, op.getQs(), op.getKs(), op.getVs(), op.getLse(), delta,
                                                op.getDos(), op.getScaleAttr(), narrow);
      op.replaceAllUsesWith(all.getResults());
      op.erase();
      if (narrow)
        for (Value gradient : {all.getDks(), all.getDvs()})
          leaveOutRounding(gradient);
      retypeFunction();
      return;
    }
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
