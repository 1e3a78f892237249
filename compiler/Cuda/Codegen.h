// SPDX-License-Identifier: Apache-2.0
//
// LLVM dialect to PTX.
#pragma once

#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm
namespace mlir {
class ModuleOp;
}

namespace lighthouse {

struct CudaTarget;

/// Translates and optimises.
llvm::Expected<std::unique_ptr<llvm::Module>> translateForCuda(mlir::ModuleOp module, const CudaTarget &target,
                                                               llvm::LLVMContext &context);

/// PTX text of a translated module.
llvm::Expected<std::string> generatePtx(llvm::Module &module, const CudaTarget &target);

} // namespace lighthouse
