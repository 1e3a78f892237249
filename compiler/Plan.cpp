// SPDX-License-Identifier: Apache-2.0
//
// Fused IR to a launch plan: names, roles, and places in the workspace.
#include "compiler/Plan.h"

#include "compiler/Passes.h"
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <limits>
#include <optional>

using namespace mlir;

namespace lighthouse {
namespace {

constexpr int64_t kAlignment = 64;

std::string dtypeOf(Type type) {
  return llvm::TypeSwitch<Type, std::string>(type)
      .Case([](Float32Type) { return "float32"; })
      .Case([](BFloat16Type) { return "bfloat16"; })
      .Case([](Float16Type) { return "float16"; })
      .Case([](IntegerType) { return "int32"; })
      .Default([](Type) { return ""; });
}

Buffer bufferOf(Value tensor, BufferRole role, DictionaryAttr attrs) {
  auto type = cast<RankedTensorType>(tensor.getType());
  Buffer buffer;
  buffer.role = role;
  buffer.dtype = dtypeOf(type.getElementType());
  buffer.shape.assign(type.getShape().begin(), type.getShape().end());
  if (attrs) {
    if (auto name = attrs.getAs<StringAttr>(kNameAttr))
      buffer.name = name.str();
    buffer.strided = attrs.contains(kStridedAttr);
    buffer.varlen = attrs.contains(kVarlenAttr);
  }
  return buffer;
}

/// First-fit places for buffers that live from one kernel to another, in memory of at most `capacity` bytes.
class Workspace {
public:
  struct Place {
    int64_t offset, bytes, until; ///< `until`: the last kernel that uses it
  };

  explicit Workspace(int64_t capacity = std::numeric_limits<int64_t>::max()) : capacity(capacity) {}

  std::optional<int64_t> allocate(int64_t bytes, int64_t now, int64_t until) {
    llvm::erase_if(taken, [&](const Place &place) { return place.until < now; });
    bytes = llvm::alignTo(bytes, kAlignment);
    int64_t offset = 0;
    for (const Place &place : taken) {
      if (offset + bytes <= place.offset)
        break;
      offset = std::max(offset, place.offset + place.bytes);
    }
    if (offset + bytes > capacity)
      return std::nullopt;
    auto at = llvm::find_if(taken, [&](const Place &place) { return place.offset > offset; });
    taken.insert(at, {offset, bytes, until});
    size = std::max(size, offset + bytes);
    return offset;
  }

  int64_t size = 0;

private:
  int64_t capacity;
  SmallVector<Place> taken; ///< by offset
};

class Planner {
public:
  explicit Planner(func::FuncOp function) : function(function), kernels(function.getOps<KernelOp>()) {
    plan.name = function.getName().str();
  }

  llvm::Expected<LaunchPlan> run() {
    for (BlockArgument argument : function.getArguments())
      addBuffer(argument, BufferRole::Input, function.getArgAttrDict(argument.getArgNumber()));
    for (OpOperand &result : function.front().getTerminator()->getOpOperands()) {
      if (!result.get().getDefiningOp<KernelOp>() || index.contains(result.get()))
        return llvm::createStringError("expects result %u of @%s to be written by one kernel and returned once",
                                       result.getOperandNumber(), plan.name.c_str());
      addBuffer(result.get(), BufferRole::Output, function.getResultAttrDict(result.getOperandNumber()));
    }
    placeIntermediates();
    for (KernelOp kernel : kernels) {
      Launch launch;
      launch.kernel = plan.name + "_" + kernel.getSymName().str();
      launch.items = 0;
      launch.moved_bytes = kernel.getMovedBytes();
      launch.flops = kernel.getFlops();
      for (Value tensor : kernel.getInputs())
        launch.buffers.push_back(index.lookup(tensor));
      for (Value tensor : kernel.getOutputs())
        launch.buffers.push_back(index.lookup(tensor));
      plan.launches.push_back(std::move(launch));
    }
    return std::move(plan);
  }

private:
  void addBuffer(Value tensor, BufferRole role, DictionaryAttr attrs) {
    index[tensor] = plan.buffers.size();
    plan.buffers.push_back(bufferOf(tensor, role, attrs));
  }

  /// An output is scratch memory until the kernel that writes it runs: what is done with by then goes there first.
  void placeIntermediates() {
    Workspace workspace;
    SmallVector<Home> homes = outputHomes();
    for (auto [now, kernel] : llvm::enumerate(kernels))
      for (Value tensor : kernel.getOutputs()) {
        if (index.contains(tensor))
          continue;
        addBuffer(tensor, BufferRole::Workspace, {});
        Buffer &buffer = plan.buffers.back();
        buffer.name = "workspace" + std::to_string(plan.buffers.size());
        int64_t bytes = bytesOf(tensor), until = lastUse(tensor, now);
        for (Home &home : homes) {
          std::optional<int64_t> offset;
          if (until < home.written)
            offset = home.memory.allocate(bytes, now, until);
          if (!offset)
            continue;
          buffer.home = home.buffer;
          buffer.offset = *offset;
          break;
        }
        if (buffer.home == -1)
          buffer.offset = *workspace.allocate(bytes, now, until);
      }
    plan.workspace_bytes = workspace.size;
  }

  struct Home {
    int64_t buffer;  ///< the output
    int64_t written; ///< the kernel that writes it
    Workspace memory;
  };

  SmallVector<Home> outputHomes() {
    SmallVector<Home> homes;
    for (auto [now, kernel] : llvm::enumerate(kernels))
      for (Value tensor : kernel.getOutputs())
        if (auto found = index.find(tensor);
            found != index.end() && now > 0 && !plan.buffers[found->second].varlen) // it may be any shorter
          homes.push_back({found->second, static_cast<int64_t>(now), Workspace(bytesOf(tensor))});
    return homes;
  }

  int64_t lastUse(Value tensor, int64_t now) {
    for (Operation *user : tensor.getUsers())
      now = std::max<int64_t>(now, llvm::find(kernels, user) - kernels.begin());
    return now;
  }

  static int64_t bytesOf(Value tensor) {
    auto type = cast<RankedTensorType>(tensor.getType());
    return type.getNumElements() * elementBytes(dtypeOf(type.getElementType()));
  }

  func::FuncOp function;
  SmallVector<KernelOp> kernels;
  DenseMap<Value, int64_t> index;
  LaunchPlan plan;
};

} // namespace

llvm::Expected<LaunchPlan> planOf(func::FuncOp fused) { return Planner(fused).run(); }

bool isMarked(func::FuncOp fused, Value tensor, StringRef mark) {
  if (auto argument = dyn_cast<BlockArgument>(tensor))
    return bool(fused.getArgAttr(argument.getArgNumber(), mark));
  for (OpOperand &use : tensor.getUses())
    if (isa<func::ReturnOp>(use.getOwner()) && fused.getResultAttr(use.getOperandNumber(), mark))
      return true;
  return false;
}

} // namespace lighthouse
