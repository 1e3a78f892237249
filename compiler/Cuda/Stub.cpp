// SPDX-License-Identifier: Apache-2.0
//
// In place of the compiler for GPUs, until it is here.
#include "compiler/Compile.h"
#include "runtime/CudaTarget.h"

#include "mlir/IR/BuiltinOps.h"

namespace lighthouse {

llvm::Expected<CompiledModule> compileForCuda(mlir::ModuleOp, const CudaTarget &target) {
  return llvm::createStringError("code for %s is not built in", target.arch.c_str());
}

llvm::Expected<std::string> emitForCuda(mlir::ModuleOp, const CudaTarget &target, EmitStage, llvm::StringRef) {
  return llvm::createStringError("code for %s is not built in", target.arch.c_str());
}

} // namespace lighthouse
