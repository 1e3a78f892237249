// SPDX-License-Identifier: Apache-2.0
//
// The launcher's calling convention: one array of pointers to memref descriptors, and the item.
#include "compiler/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace lighthouse {
#define GEN_PASS_DEF_PACKKERNELARGUMENTS
#include "compiler/Passes.h.inc"
namespace {

/// How many parameters of a lowered kernel belong to the buffer whose descriptor begins at `first`: two pointers, then
/// integers up to the next pointer or the item.
int64_t countFields(ArrayRef<Type> parameters, int64_t first) {
  int64_t count = 2;
  int64_t end = parameters.size() - 1;
  while (first + count < end && isa<IntegerType>(parameters[first + count]))
    ++count;
  return count;
}

struct PackKernelArgumentsPass : impl::PackKernelArgumentsBase<PackKernelArgumentsPass> {
  void runOnOperation() override {
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<LLVM::LLVMFuncOp>())) {
      if (function->hasAttr(kItemsAttr) && failed(pack(function)))
        return signalPassFailure();
      if (!function.isExternal() && !function->hasAttr(kItemsAttr))
        function.setLinkage(LLVM::Linkage::Internal);
    }
  }

  LogicalResult pack(LLVM::LLVMFuncOp function) {
    ArrayRef<Type> parameters = function.getFunctionType().getParams();
    if (parameters.empty() || !parameters.back().isInteger(64))
      return function.emitError("expects the work item, an i64, as the last parameter of a kernel");
    StringAttr name = function.getSymNameAttr();
    OpBuilder builder(function);
    Location loc = function.getLoc();
    function.setSymName((name.getValue() + ".body").str());
    function.setLinkage(LLVM::Linkage::Internal);

    Type pointer = LLVM::LLVMPointerType::get(&getContext()), i64 = builder.getI64Type();
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()), {pointer, i64});
    auto packed = LLVM::LLVMFuncOp::create(builder, loc, name, type);
    Block *entry = packed.addEntryBlock(builder);
    builder.setInsertionPointToStart(entry);
    SmallVector<Value> arguments;
    int64_t buffer = 0, last = parameters.size() - 1;
    for (int64_t first = 0; first < last; ++buffer) {
      Value slot = LLVM::GEPOp::create(builder, loc, pointer, pointer, entry->getArgument(0),
                                       ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(buffer)});
      Value descriptor = LLVM::LoadOp::create(builder, loc, pointer, slot);
      int64_t fields = countFields(parameters, first);
      for (int64_t field = 0; field < fields; ++field) {
        // All fields are eight bytes.
        Value at = LLVM::GEPOp::create(builder, loc, pointer, i64, descriptor,
                                       ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(field)});
        arguments.push_back(LLVM::LoadOp::create(builder, loc, parameters[first + field], at));
      }
      first += fields;
    }
    arguments.push_back(entry->getArgument(1));
    LLVM::CallOp::create(builder, loc, function, arguments);
    LLVM::ReturnOp::create(builder, loc, ValueRange());
    return success();
  }
};

} // namespace
} // namespace lighthouse
