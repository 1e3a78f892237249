// SPDX-License-Identifier: Apache-2.0
//
// Stages to kernels. First every stage finds its group, then each group is rebuilt as one lighthouse.kernel.
#include "compiler/Passes.h"
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace lighthouse {
#define GEN_PASS_DEF_FUSESTAGES
#include "compiler/Passes.h.inc"
namespace {

using Group = SmallVector<Operation *>;

class Fuser {
public:
  explicit Fuser(func::FuncOp function)
      : block(function.front()), results(cast<func::ReturnOp>(block.getTerminator())), builder(results) {}

  LogicalResult run() {
    for (Value result : results.getOperands())
      if (result.getDefiningOp<PoolOp>())
        return results.emitOpError("expects no whole pyramid among the results, as kernels write levels 1 and up only, "
                                   "but got one of type ")
               << result.getType();
    if (failed(formGroups()))
      return failure();
    for (const Group &group : groups)
      buildKernel(group);
    for (OpOperand &result : results->getOpOperands())
      result.set(outer.lookupOrDefault(result.get()));
    for (const Group &group : llvm::reverse(groups))
      for (Operation *op : llvm::reverse(group))
        op->erase();
    return success();
  }

private:
  /// Index of the group that makes `value`, -1 for an argument of the function.
  int64_t groupOf(Value value) {
    Operation *op = value.getDefiningOp();
    return op ? groupIndex.lookup(op) : -1;
  }

  LogicalResult formGroups() {
    for (Operation &op : block.without_terminator()) {
      auto stage = dyn_cast<Fusible>(op);
      if (!stage)
        return op.emitOpError("expects to be fused into a kernel, but is no stage");
      int64_t joined = -1, latest = -1;
      for (Value operand : op.getOperands()) {
        latest = std::max(latest, groupOf(operand));
        if (Operation *producer = operand.getDefiningOp(); producer && stage.joinsKernelOf(producer))
          joined = std::max(joined, groupOf(operand));
      }
      // A stage that needs a later kernel's result can't run in an earlier one.
      if (joined < latest || joined < 0) {
        joined = groups.size();
        groups.emplace_back();
      }
      groups[joined].push_back(&op);
      groupIndex[&op] = joined;
    }
    return success();
  }

  bool leaves(Value value, const Group &group) {
    return llvm::any_of(value.getUsers(), [&](Operation *user) { return !llvm::is_contained(group, user); });
  }

  /// The names of the stages; a number makes a second kernel of the same stages differ.
  std::string kernelName(const Group &group) {
    std::string name =
        llvm::join(llvm::map_range(group, [](Operation *op) { return cast<Fusible>(op).getStageName(); }), "_");
    int64_t before = kernelCounts[name]++;
    return before == 0 ? name : name + "_" + std::to_string(before + 1);
  }

  void buildKernel(const Group &group) {
    // What the region binds: the outer tensors that its stages read.
    llvm::SetVector<Value> reads;
    for (Operation *op : group)
      for (Value operand : op->getOperands()) {
        if (llvm::is_contained(group, operand.getDefiningOp()))
          continue;
        if (auto parts = pyramids.find(operand); parts != pyramids.end()) {
          reads.insert(parts->second.first);
          reads.insert(parts->second.second);
        } else {
          reads.insert(outer.lookupOrDefault(operand));
        }
      }
    SmallVector<Value> written;
    SmallVector<Type> types;
    for (Operation *op : group)
      for (Value result : op->getResults())
        if (leaves(result, group)) {
          written.push_back(result);
          types.push_back(isa<PoolOp>(op) ? coarseType(result) : result.getType());
        }
    auto kernel = KernelOp::create(builder, group.front()->getLoc(), types, builder.getStringAttr(kernelName(group)),
                                   reads.getArrayRef());
    fillKernel(kernel, group, reads.getArrayRef(), written);
    publish(kernel, written);
  }

  static Type coarseType(Value pyramid) {
    auto type = cast<RankedTensorType>(pyramid.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[2] = pyramidOf(type).numCoarse();
    return type.clone(shape);
  }

  void fillKernel(KernelOp kernel, const Group &group, ArrayRef<Value> reads, ArrayRef<Value> written) {
    OpBuilder::InsertionGuard guard(builder);
    Block *body = builder.createBlock(&kernel.getBody());
    IRMapping inner;
    DenseMap<Value, Value> bound;
    for (Value read : reads)
      bound[read] = body->addArgument(read.getType(), kernel.getLoc());
    for (Operation *op : group) {
      for (Value operand : op->getOperands()) {
        if (inner.contains(operand))
          continue;
        if (auto parts = pyramids.find(operand); parts != pyramids.end())
          inner.map(operand,
                    StackOp::create(builder, op->getLoc(), bound[parts->second.first], bound[parts->second.second])
                        .getResult());
        else
          inner.map(operand, bound[outer.lookupOrDefault(operand)]);
      }
      builder.clone(*op, inner);
    }
    SmallVector<Value> yielded;
    for (Value value : written) {
      Value mapped = inner.lookup(value);
      yielded.push_back(
          isa<PoolOp>(value.getDefiningOp()) ? CoarseOp::create(builder, value.getLoc(), mapped).getResult() : mapped);
    }
    YieldOp::create(builder, kernel.getLoc(), yielded);
  }

  /// Tells later kernels where to find what this one wrote.
  void publish(KernelOp kernel, ArrayRef<Value> written) {
    for (auto [value, result] : llvm::zip_equal(written, kernel.getOutputs())) {
      if (auto pool = value.getDefiningOp<PoolOp>()) {
        Value tokens = pool->getOperand(cast<OpResult>(value).getResultNumber());
        pyramids[value] = {outer.lookupOrDefault(tokens), result};
      } else {
        outer.map(value, result);
      }
    }
  }

  Block &block;
  func::ReturnOp results;
  OpBuilder builder;
  SmallVector<Group> groups;
  DenseMap<Operation *, int64_t> groupIndex;
  llvm::StringMap<int64_t> kernelCounts;
  IRMapping outer;                                   ///< a stage's result to the kernel result that holds it
  DenseMap<Value, std::pair<Value, Value>> pyramids; ///< a pyramid to its tokens and its coarse levels
};

struct FuseStagesPass : impl::FuseStagesBase<FuseStagesPass> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal() || !function.getOps<KernelOp>().empty())
      return;
    if (!function.getBody().hasOneBlock()) {
      function.emitError("expects a body of one block");
      return signalPassFailure();
    }
    if (failed(Fuser(function).run()))
      signalPassFailure();
  }
};

} // namespace
} // namespace lighthouse
