// SPDX-License-Identifier: Apache-2.0
//
// Fused IR to a launch plan: names, roles, and places in the workspace.
#include "compiler/Plan.h"

#include "compiler/Passes.h"
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

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
  }
  return buffer;
}

/// First-fit places for buffers that live from one kernel to another.
class Workspace {
public:
  struct Place {
    int64_t offset, bytes, until; ///< `until`: the last kernel that uses it
  };

  int64_t allocate(int64_t bytes, int64_t now, int64_t until) {
    llvm::erase_if(taken, [&](const Place &place) { return place.until < now; });
    bytes = llvm::alignTo(bytes, kAlignment);
    int64_t offset = 0;
    for (const Place &place : taken) {
      if (offset + bytes <= place.offset)
        break;
      offset = std::max(offset, place.offset + place.bytes);
    }
    auto at = llvm::find_if(taken, [&](const Place &place) { return place.offset > offset; });
    taken.insert(at, {offset, bytes, until});
    size = std::max(size, offset + bytes);
    return offset;
  }

  int64_t size = 0;

private:
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

  void placeIntermediates() {
    Workspace workspace;
    for (auto [now, kernel] : llvm::enumerate(kernels))
      for (Value tensor : kernel.getOutputs()) {
        if (index.contains(tensor))
          continue;
        int64_t until = now;
        for (Operation *user : tensor.getUsers())
          until = std::max<int64_t>(until, llvm::find(kernels, user) - kernels.begin());
        addBuffer(tensor, BufferRole::Workspace, {});
        Buffer &buffer = plan.buffers.back();
        buffer.name = "workspace" + std::to_string(plan.buffers.size());
        int64_t elements = cast<RankedTensorType>(tensor.getType()).getNumElements();
        buffer.offset = workspace.allocate(elements * elementBytes(buffer.dtype), now, until);
      }
    plan.workspace_bytes = workspace.size;
  }

  func::FuncOp function;
  SmallVector<KernelOp> kernels;
  DenseMap<Value, int64_t> index;
  LaunchPlan plan;
};

} // namespace

llvm::Expected<LaunchPlan> planOf(func::FuncOp fused) { return Planner(fused).run(); }

} // namespace lighthouse
