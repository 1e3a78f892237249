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

  static void split(KernelOp kernel, GatherBackwardOp gather, PoolBackwardOp pool) {
    OpBuilder builder(kernel);
    auto yield = cast<YieldOp>(kernel.getBody().front().back());
    for (auto [result, value] : llvm::zip_equal(kernel.getOutputs(), yield.getValues())) {
      unsigned which = cast<OpResult>(value).getResultNumber(); // dq, dk or dv; the same place among the rows
      std::string name = kernel.getSymName().str() + "_" + "qkv"[which];
      Value reads[] = {gather->getOperand(which), gather.getIndices()};
      auto outer = [&](Value inner) { return kernel.getInputs()[cast<BlockArgument>(inner).getArgNumber()]; };
      SmallVector<Value> inputs = llvm::map_to_vector(reads, outer);
      auto part =
          KernelOp::create(builder, kernel.getLoc(), TypeRange(result.getType()), builder.getStringAttr(name), inputs);
      OpBuilder::InsertionGuard guard(builder);
      Block *body = builder.createBlock(&part.getBody());
      IRMapping inner;
      for (Value read : reads)
        inner.map(read, body->addArgument(read.getType(), kernel.getLoc()));
      for (Value operand : gather->getOperands())
        if (!inner.contains(operand))
          inner.map(operand, ub::PoisonOp::create(builder, kernel.getLoc(), operand.getType()).getResult());
      builder.clone(*gather, inner);
      builder.clone(*pool, inner);
      YieldOp::create(builder, kernel.getLoc(), ValueRange{inner.lookup(value)});
      result.replaceAllUsesWith(part.getOutputs()[0]);
    }
    kernel.erase();
  }
};

} // namespace
} // namespace lighthouse
