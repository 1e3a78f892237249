// SPDX-License-Identifier: Apache-2.0
//
// The inverse of a selection from forward to backward.
#include "compiler/Passes.h"
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace lighthouse {
#define GEN_PASS_DEF_SHAREINVERSES
#include "compiler/Passes.h.inc"
namespace {

StringAttr nameOf(DictionaryAttr attrs) { return attrs ? attrs.getAs<StringAttr>(kNameAttr) : StringAttr(); }

struct ShareInversesPass : impl::ShareInversesBase<ShareInversesPass> {
  void runOnOperation() override {
    auto forward = getOperation().lookupSymbol<func::FuncOp>("forward");
    auto backward = getOperation().lookupSymbol<func::FuncOp>("backward");
    if (!forward || !backward || forward.isExternal() || backward.isExternal())
      return;
    for (InvertOp inverse : llvm::make_early_inc_range(backward.getOps<InvertOp>())) {
      auto argument = dyn_cast<BlockArgument>(inverse.getIndices());
      StringAttr name = argument ? nameOf(backward.getArgAttrDict(argument.getArgNumber())) : StringAttr();
      if (InvertOp made = name ? inverseOfResult(forward, name) : InvertOp())
        share(forward, made, backward, inverse);
    }
  }

  /// What inverts the result of that name; null when nothing does.
  static InvertOp inverseOfResult(func::FuncOp forward, StringAttr name) {
    for (OpOperand &result : forward.front().getTerminator()->getOpOperands())
      if (nameOf(forward.getResultAttrDict(result.getOperandNumber())) == name)
        for (Operation *user : result.get().getUsers())
          if (auto inverse = dyn_cast<InvertOp>(user))
            return inverse;
    return {};
  }

  static void share(func::FuncOp forward, InvertOp made, func::FuncOp backward, InvertOp used) {
    OpBuilder builder(forward.getContext());
    auto attrs = builder.getDictionaryAttr(builder.getNamedAttr(kNameAttr, builder.getStringAttr("slots")));
    Type type = made.getSlots().getType();
    Operation *results = forward.front().getTerminator();
    (void)forward.insertResult(forward.getNumResults(), type, attrs);
    results->insertOperands(results->getNumOperands(), made.getSlots());
    unsigned last = backward.getNumArguments();
    (void)backward.insertArgument(last, type, attrs, used.getLoc());
    used.replaceAllUsesWith(backward.getArgument(last));
    used.erase();
  }
};

} // namespace
} // namespace lighthouse
