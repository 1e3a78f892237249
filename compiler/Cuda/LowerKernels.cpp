// SPDX-License-Identifier: Apache-2.0
//
// lighthouse-lower-kernels-to-tile: a tile program for each kernel, by the schedule of its stages.
#include "compiler/Cuda/GlaSquares.h"
#include "compiler/Cuda/Hopper.h"
#include "compiler/Cuda/Lowering.h"
#include "compiler/Passes.h"
#include "compiler/Plan.h"
#include "runtime/CudaTarget.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace lighthouse {
#define GEN_PASS_DEF_LOWERKERNELSTOTILE
#include "compiler/Passes.h.inc"

namespace cuda {

Value KernelContext::coarseView(Value pyramid) const {
  for (Operation *user : pyramid.getUsers())
    if (auto coarse = dyn_cast<CoarseOp>(user))
      return view(coarse.getCoarse());
  return {};
}

int64_t KernelContext::parameter(StringRef name, int64_t absent, ArrayRef<int64_t> candidates) {
  auto given = kernel->getAttrOfType<DictionaryAttr>(kScheduleAttr);
  auto value = given ? given.getAs<IntegerAttr>(name) : IntegerAttr();
  Parameter &parameter = parameters[name.str()];
  parameter.value = value ? value.getInt() : absent;
  if (!candidates.empty())
    parameter.candidates.assign(candidates.begin(), candidates.end());
  return parameter.value;
}

RowTiles::RowTiles(MLIRContext *context, int64_t threads, int64_t columns, Type element, int64_t perGroup)
    : layout(tile::rowsLayout(context, threads, columns, element.getIntOrFloatBitWidth())),
      rows(threads / layout.getLanes() * perGroup), columns(tile::paddedColumns(layout, columns)) {}

} // namespace cuda

namespace {

using namespace cuda;

/// Whether attention of these queries has its schedules for sm_90a.
bool isForHopper(Value qs, StringRef arch) {
  auto type = cast<RankedTensorType>(qs.getType());
  return type.getElementTypeBitWidth() == 16 && type.getShape().back() <= hopperHeadDim(arch);
}

/// The schedule for the kernel's first stage that is no view.
Schedule scheduleOf(lighthouse::KernelOp kernel, StringRef arch) {
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    auto schedule = llvm::TypeSwitch<Operation *, Schedule>(&op)
                        .Case([](PoolOp) { return schedulePoolScore; })
                        .Case([](DilateOp) { return scheduleDilate; })
                        .Case([](MaxPoolOp) { return scheduleMaxPool; })
                        .Case([](SelectOp) { return scheduleSelect; })
                        .Case([&](GlaSquaresOp gla) -> Schedule {
                          return hasHopperGlaSquares(gla, arch) ? scheduleHopperGlaSquares : scheduleGlaSquares;
                        })
                        .Case([](PartNormsOp) { return schedulePartNorms; })
                        .Case([](InvertOp) { return scheduleInvert; })
                        .Case([](GatherOp) { return scheduleGather; })
                        .Case([&](AttendOp attend) -> Schedule {
                          return isForHopper(attend.getQs(), arch) ? scheduleHopperAttend : scheduleAttend;
                        })
                        .Case([](ScatterOp) { return scheduleScatter; })
                        .Case([](ScatterBackwardOp) { return scheduleScatterBackward; })
                        .Case([](RowDotOp) { return scheduleRowDot; })
                        .Case([](RoundOp) { return scheduleRound; })
                        .Case([&](AttendBackwardJoinedOp joined) -> Schedule {
                          return isForHopper(joined.getQs(), arch) ? scheduleHopperAttendBackward : nullptr;
                        })
                        .Case([](AttendBackwardKeysOp) { return scheduleAttendKeys; })
                        .Case([](AttendBackwardQueriesOp) { return scheduleAttendQueries; })
                        .Case([](GatherBackwardOp) { return scheduleUnpool; })
                        .Default([](Operation *) { return nullptr; });
    if (schedule)
      return schedule;
  }
  return nullptr;
}

Type viewType(func::FuncOp function, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  return tile::ViewType::get(type.getContext(), type.getShape(), type.getElementType(),
                             isMarked(function, tensor, kStridedAttr), isMarked(function, tensor, kVarlenAttr));
}

/// From here on GPUs have griddepcontrol.
constexpr int kProgrammaticCapability = 90;

/// More than any block has of anything; products of two are far from overflowing.
constexpr int64_t kMostParameter = 65536;

/// Values that no schedule can work with.
LogicalResult refuseBadParameters(lighthouse::KernelOp kernel) {
  Attribute given = kernel->getAttr(kScheduleAttr);
  auto parameters = dyn_cast_or_null<DictionaryAttr>(given);
  if (!parameters)
    return given ? kernel.emitOpError("expects schedule to be a dictionary, but got ") << given : success();
  for (NamedAttribute parameter : parameters) {
    StringRef name = parameter.getName();
    auto number = dyn_cast<IntegerAttr>(parameter.getValue());
    if (!number || number.getInt() < 1 || number.getInt() > kMostParameter)
      return kernel.emitOpError("expects schedule parameter ")
             << name << " to be an integer from 1 to " << kMostParameter << ", but got " << parameter.getValue();
    if ((name == "threads" && (number.getInt() % 32 != 0 || number.getInt() > 1024)) ||
        (name == "warps" && number.getInt() > 32))
      return kernel.emitOpError("expects whole warps, up to 32, but got schedule parameter ") << name << " " << number;
  }
  return success();
}

/// Block sizes whose tiles the GPU has no shared memory for.
LogicalResult refuseSharedBytes(lighthouse::KernelOp kernel, tile::KernelOp made, const CudaTarget &target) {
  int64_t bytes = 0, most = target.shared_bytes_per_block;
  for (auto alloc : made.getBody().getOps<tile::AllocOp>())
    bytes += llvm::alignTo(alloc.getType().bytes(), alloc.getType().alignment());
  for (auto ring : made.getBody().getOps<tile::RingOp>())
    bytes += ring.getType().getStages() * (slotBytes(ring.getType().getTile()) + 2 * kBarrierBytes);
  if (bytes > most)
    return kernel.emitOpError("expects tiles of at most ") << most << " bytes of shared memory, but got " << bytes;
  return success();
}

LogicalResult refuseUnknownParameters(KernelContext &context) {
  auto given = context.kernel->getAttrOfType<DictionaryAttr>(kScheduleAttr);
  for (NamedAttribute parameter : given ? given.getValue() : ArrayRef<NamedAttribute>())
    if (!context.parameters.contains(parameter.getName().str()))
      return context.kernel.emitOpError("expects schedule parameters out of ")
             << llvm::join(llvm::make_first_range(context.parameters), ", ") << ", but got " << parameter.getName();
  return success();
}

/// What the schedule asked for, on the kernel that it made.
void describeParameters(const KernelContext &context, tile::KernelOp made) {
  OpBuilder builder(made);
  NamedAttrList values, candidates;
  for (const auto &[name, parameter] : context.parameters) {
    values.append(name, builder.getI64IntegerAttr(parameter.value));
    if (!parameter.candidates.empty())
      candidates.append(name, builder.getDenseI64ArrayAttr(parameter.candidates));
  }
  made->setAttr(kParametersAttr, values.getDictionary(made.getContext()));
  made->setAttr(kCandidatesAttr, candidates.getDictionary(made.getContext()));
}

LogicalResult lowerKernel(lighthouse::KernelOp kernel, const CudaTarget &target, bool describe) {
  auto outer = kernel->getParentOfType<func::FuncOp>();
  Schedule schedule = scheduleOf(kernel, target.arch);
  if (!schedule)
    return kernel.emitOpError("expects a stage that has a schedule for CUDA");
  if (failed(refuseBadParameters(kernel)))
    return failure();
  OpBuilder builder(outer);
  auto made = tile::KernelOp::create(builder, kernel.getLoc(), (outer.getName() + "_" + kernel.getSymName()).str(),
                                     /*blocks=*/1, /*threads=*/32, /*min_blocks=*/1);
  Block *entry = builder.createBlock(&made.getBody());
  TileBuilder t(builder, kernel.getLoc());
  KernelContext context{kernel, t, llvm::DenseMap<Value, Value>(), {}};
  Block &body = kernel.getBody().front();
  for (auto [argument, input] : llvm::zip_equal(body.getArguments(), kernel.getInputs()))
    context.views[argument] = entry->addArgument(viewType(outer, input), kernel.getLoc());
  for (auto [value, output] : llvm::zip_equal(cast<lighthouse::YieldOp>(body.back()).getValues(), kernel.getOutputs()))
    context.views[value] = entry->addArgument(viewType(outer, output), kernel.getLoc());
  FailureOr<Grid> grid = schedule(context);
  if (failed(grid) || failed(refuseUnknownParameters(context)) || failed(refuseSharedBytes(kernel, made, target)))
    return failure();
  made.setBlocks(grid->blocks);
  made.setThreads(grid->threads);
  made.setMinBlocks(grid->min_blocks);
  made.setProgrammatic(target.capability >= kProgrammaticCapability);
  if (describe)
    describeParameters(context, made);
  return success();
}

struct LowerKernelsToTilePass : impl::LowerKernelsToTileBase<LowerKernelsToTilePass> {
  using Base::Base;

  void runOnOperation() override {
    llvm::Expected<CudaTarget> target = CudaTarget::fromArch(arch);
    if (!target) {
      getOperation().emitError() << llvm::toString(target.takeError());
      return signalPassFailure();
    }
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      SmallVector<lighthouse::KernelOp> kernels(function.getOps<lighthouse::KernelOp>());
      if (kernels.empty())
        continue;
      for (lighthouse::KernelOp kernel : kernels)
        if (failed(lowerKernel(kernel, *target, parameters)))
          return signalPassFailure();
      function.erase();
    }
  }
};

} // namespace
} // namespace lighthouse
