// SPDX-License-Identifier: Apache-2.0
//
// lighthouse-lower-kernels-to-host: a function over memrefs for each kernel, filled by the schedule of its stages.
#include "compiler/Host/Emitter.h"
#include "compiler/Passes.h"
#include "compiler/Plan.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace lighthouse {
#define GEN_PASS_DEF_LOWERKERNELSTOHOST
#include "compiler/Passes.h.inc"
namespace {

using namespace host;

/// The schedule for the kernel's first stage that is no view.
Schedule scheduleOf(KernelOp kernel) {
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    auto schedule = llvm::TypeSwitch<Operation *, Schedule>(&op)
                        .Case([](PoolOp) { return schedulePoolScore; })
                        .Case([](DilateOp) { return scheduleDilate; })
                        .Case([](MaxPoolOp) { return scheduleMaxPool; })
                        .Case([](SelectOp) { return scheduleSelect; })
                        .Case([](GlaSquaresOp) { return scheduleGlaSquares; })
                        .Case([](PartNormsOp) { return schedulePartNorms; })
                        .Case([](InvertOp) { return scheduleInvert; })
                        .Case([](GatherOp) { return scheduleGather; })
                        .Case([](AttendOp) { return scheduleAttend; })
                        .Case([](ScatterOp) { return scheduleScatter; })
                        .Case([](ScatterBackwardOp) { return scheduleScatterBackward; })
                        .Case([](AttendBackwardOp) { return scheduleAttendBackward; })
                        .Case([](SumPartsOp) { return scheduleSumParts; })
                        .Case([](RoundOp) { return scheduleRound; })
                        .Case([](GatherBackwardOp) { return scheduleUnpool; })
                        .Default([](Operation *) { return nullptr; });
    if (schedule)
      return schedule;
  }
  return nullptr;
}

MemRefType bufferType(func::FuncOp function, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape(type.getShape());
  if (isMarked(function, tensor, kVarlenAttr))
    shape[2] = ShapedType::kDynamic;
  MemRefLayoutAttrInterface layout;
  if (isMarked(function, tensor, kStridedAttr)) {
    SmallVector<int64_t> strides(type.getRank(), ShapedType::kDynamic);
    strides.back() = 1;
    layout = StridedLayoutAttr::get(type.getContext(), /*offset=*/0, strides);
  }
  return MemRefType::get(shape, type.getElementType(), layout);
}

LogicalResult lowerKernel(KernelOp kernel, const Machine &machine) {
  auto outer = kernel->getParentOfType<func::FuncOp>();
  Schedule schedule = scheduleOf(kernel);
  if (!schedule)
    return kernel.emitOpError("expects a stage that has a schedule for the host");

  SmallVector<Type> types;
  for (Value input : kernel.getInputs())
    types.push_back(bufferType(outer, input));
  for (Value output : kernel.getOutputs())
    types.push_back(bufferType(outer, output));
  OpBuilder builder(outer);
  types.push_back(builder.getIndexType());
  std::string name = (outer.getName() + "_" + kernel.getSymName()).str();
  auto function = func::FuncOp::create(builder, kernel.getLoc(), name, builder.getFunctionType(types, {}));
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);

  Emitter emitter(builder, kernel.getLoc(), machine);
  KernelContext context{kernel, emitter, entry->getArguments().back(), llvm::DenseMap<Value, Value>(), function};
  Block &body = kernel.getBody().front();
  for (auto [i, argument] : llvm::enumerate(body.getArguments()))
    context.buffers[argument] = entry->getArgument(i);
  for (auto [i, value] : llvm::enumerate(cast<YieldOp>(body.back()).getValues()))
    context.buffers[value] = entry->getArgument(kernel.getInputs().size() + i);

  FailureOr<int64_t> items = schedule(context);
  if (failed(items))
    return failure();
  func::ReturnOp::create(builder, kernel.getLoc());
  function->setAttr(kItemsAttr, builder.getI64IntegerAttr(*items));
  return success();
}

struct LowerKernelsToHostPass : impl::LowerKernelsToHostBase<LowerKernelsToHostPass> {
  using LowerKernelsToHostBase::LowerKernelsToHostBase;

  void runOnOperation() override {
    if ((lanes != 4 && lanes != 8 && lanes != 16) || (registers != 16 && registers != 32)) {
      getOperation().emitError("expects lanes of 4, 8 or 16 and registers of 16 or 32, but got ")
          << lanes << " and " << registers;
      return signalPassFailure();
    }
    Machine machine{lanes, registers, tiles};
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      SmallVector<KernelOp> kernels(function.getOps<KernelOp>());
      if (kernels.empty())
        continue;
      for (KernelOp kernel : kernels)
        if (failed(lowerKernel(kernel, machine)))
          return signalPassFailure();
      function.erase();
    }
  }
};

} // namespace
} // namespace lighthouse
