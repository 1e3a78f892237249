// SPDX-License-Identifier: Apache-2.0
//
// Kernels of attention that take the selected rows themselves.
#include "compiler/Passes.h"
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace lighthouse {
#define GEN_PASS_DEF_FETCHROWS
#include "compiler/Passes.h.inc"
namespace {

constexpr llvm::StringLiteral kParameter = "gather";
enum : int64_t { kCopied = 1, kFetched = 2 };

/// The kernel's parameter, which is gone from its schedule then.
FailureOr<int64_t> takeParameter(KernelOp kernel) {
  auto schedule = kernel->getAttrOfType<DictionaryAttr>(kScheduleAttr);
  Attribute given = schedule ? schedule.get(kParameter) : Attribute();
  if (!given)
    return kCopied;
  auto number = dyn_cast<IntegerAttr>(given);
  if (!number || number.getInt() < kCopied || number.getInt() > kFetched)
    return kernel.emitOpError("expects schedule parameter gather to be 1 (rows copied by a kernel) or 2 (rows fetched "
                              "by attention), but got ")
           << given;
  NamedAttrList left(schedule);
  left.erase(kParameter);
  kernel->setAttr(kScheduleAttr, left.getDictionary(kernel.getContext()));
  return number.getInt();
}

AttendOp attendOf(KernelOp kernel) {
  auto ops = kernel.getBody().getOps<AttendOp>();
  return ops.empty() ? AttendOp() : *ops.begin();
}

/// The kernel whose gather makes the rows that another attends to; null where there is none.
KernelOp gatherOf(KernelOp attend) {
  for (Value input : attend.getInputs())
    if (auto kernel = input.getDefiningOp<KernelOp>(); kernel && !kernel.getBody().getOps<GatherOp>().empty())
      return kernel;
  return {};
}

/// The stages of both in one kernel, at the place and with the name of the second. What others read of the first it
/// writes too.
void join(KernelOp gather, KernelOp attend) {
  auto yieldOf = [](KernelOp kernel) { return cast<YieldOp>(kernel.getBody().front().back()); };
  llvm::SetVector<Value> reads(gather.getInputs().begin(), gather.getInputs().end());
  for (Value input : attend.getInputs())
    if (input.getDefiningOp<KernelOp>() != gather)
      reads.insert(input);
  SmallVector<OpResult> kept(attend->result_begin(), attend->result_end());
  for (OpResult result : gather->getResults())
    if (llvm::any_of(result.getUsers(), [&](Operation *user) { return user != attend; }))
      kept.push_back(result);
  OpBuilder builder(attend);
  auto joined =
      KernelOp::create(builder, attend.getLoc(), llvm::map_to_vector(kept, [](Value x) { return x.getType(); }),
                       attend.getSymNameAttr(), reads.getArrayRef());
  joined->setDiscardableAttrs(attend->getDiscardableAttrDictionary());
  Block *body = builder.createBlock(&joined.getBody());
  IRMapping map;
  DenseMap<Value, Value> inside; // of what a kernel reads or writes
  for (Value read : reads)
    inside[read] = body->addArgument(read.getType(), joined.getLoc());
  for (KernelOp kernel : {gather, attend}) {
    for (auto [argument, input] : llvm::zip_equal(kernel.getBody().getArguments(), kernel.getInputs()))
      map.map(argument, inside.at(input));
    for (Operation &op : kernel.getBody().front().without_terminator())
      builder.clone(op, map);
    for (auto [result, value] : llvm::zip_equal(kernel.getOutputs(), yieldOf(kernel).getValues()))
      inside[result] = map.lookup(value);
  }
  YieldOp::create(builder, joined.getLoc(), llvm::map_to_vector(kept, [&](Value x) { return inside.at(x); }));
  for (auto [before, now] : llvm::zip_equal(kept, joined.getOutputs()))
    before.replaceAllUsesWith(now);
  attend.erase();
  gather.erase();
}

struct FetchRowsPass : impl::FetchRowsBase<FetchRowsPass> {
  using Base::Base;

  void runOnOperation() override {
    for (KernelOp kernel : llvm::make_early_inc_range(getOperation().getOps<KernelOp>())) {
      AttendOp attend = attendOf(kernel);
      if (!attend)
        continue;
      FailureOr<int64_t> parameter = takeParameter(kernel);
      if (failed(parameter))
        return signalPassFailure();
      KernelOp gather = *parameter == kFetched ? gatherOf(kernel) : KernelOp();
      if (!gather) // One level has nothing to gather.
        continue;
      auto type = cast<RankedTensorType>(attend.getQs().getType());
      if (type.getElementTypeBitWidth() != 16 || type.getShape().back() > headDim) {
        kernel.emitOpError("expects heads of at most ")
            << headDim.getValue() << " elements of 16 bits to fetch rows, but got " << type;
        return signalPassFailure();
      }
      join(gather, kernel);
    }
  }
};

} // namespace
} // namespace lighthouse
