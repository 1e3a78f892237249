// SPDX-License-Identifier: Apache-2.0
//
// The kernel that writes the gradients of q, k and v, as one kernel for each.
#include "compiler/Passes.h"
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace lighthouse {
#define GEN_PASS_DEF_SPLITGRADIENTS
#include "compiler/Passes.h.inc"
namespace {

struct SplitGradientsPass : impl::SplitGradientsBase<SplitGradientsPass> {
  using SplitGradientsBase::SplitGradientsBase;

  void runOnOperation() override {
    for (KernelOp kernel : llvm::make_early_inc_range(getOperation().getOps<KernelOp>())) {
      Block &body = kernel.getBody().front();
      auto gathers = body.getOps<GatherBackwardOp>();
      auto pools = body.getOps<PoolBackwardOp>();
      // Nothing but the two stages; other shapes of kernels are none of this pass's.
      if (!gathers.empty() && !pools.empty() && body.getOperations().size() == 3 && kernel.getNumResults() > 1)
        split(kernel, *gathers.begin(), *pools.begin());
    }
  }

  /// The results of each new kernel, by their places among dq, dk and dv.
  SmallVector<SmallVector<unsigned>> parts() const {
    if (keysWithValues)
      return {{1, 2}, {0}};
    return {{0}, {1}, {2}};
  }

  void split(KernelOp kernel, GatherBackwardOp gather, PoolBackwardOp pool) {
    auto yield = cast<YieldOp>(kernel.getBody().front().back());
    DenseMap<unsigned, Value> written; // by place among dq, dk and dv
    for (auto [result, value] : llvm::zip_equal(kernel.getOutputs(), yield.getValues()))
      written[cast<OpResult>(value).getResultNumber()] = result;
    KernelOp made;
    for (SmallVector<unsigned> &part : parts()) {
      llvm::erase_if(part, [&](unsigned which) { return !written.contains(which); });
      if (!part.empty())
        made = makePart(kernel, gather, pool, part, written, made);
    }
    kernel.erase();
  }

  /// `before` (may be null): the part made before, which stays in front.
  KernelOp makePart(KernelOp kernel, GatherBackwardOp gather, PoolBackwardOp pool, ArrayRef<unsigned> part,
                    const DenseMap<unsigned, Value> &written, KernelOp before) {
    std::string name = kernel.getSymName().str() + "_";
    SmallVector<Value> reads, inputs, yielded;
    SmallVector<Type> types;
    for (unsigned which : part) {
      name += "qkv"[which];
      reads.push_back(gather->getOperand(which)); // the same place among the rows
      types.push_back(written.lookup(which).getType());
    }
    reads.push_back(gather.getIndices());
    for (Value read : reads)
      inputs.push_back(kernel.getInputs()[cast<BlockArgument>(read).getArgNumber()]);
    OpBuilder builder(kernel);
    if (keysWithValues)
      placeEarly(builder, inputs, before);
    auto made = KernelOp::create(builder, kernel.getLoc(), types, builder.getStringAttr(name), inputs);
    Block *body = builder.createBlock(&made.getBody());
    IRMapping inner;
    for (Value read : reads)
      inner.map(read, body->addArgument(read.getType(), kernel.getLoc()));
    for (Value operand : gather->getOperands())
      if (!inner.contains(operand))
        inner.map(operand, ub::PoisonOp::create(builder, kernel.getLoc(), operand.getType()).getResult());
    builder.clone(*gather, inner);
    Operation *results = builder.clone(*pool, inner);
    for (unsigned which : part)
      yielded.push_back(results->getResult(which));
    YieldOp::create(builder, kernel.getLoc(), yielded);
    for (auto [which, output] : llvm::zip_equal(part, made.getOutputs()))
      written.lookup(which).replaceAllUsesWith(output);
    return made;
  }

  /// Behind `before` and the last op that makes an input.
  static void placeEarly(OpBuilder &builder, ValueRange inputs, Operation *before) {
    Operation *last = before;
    for (Value input : inputs)
      if (Operation *op = input.getDefiningOp(); op && (!last || last->isBeforeInBlock(op)))
        last = op;
    if (last)
      builder.setInsertionPointAfter(last);
  }
};

} // namespace
} // namespace lighthouse
