// SPDX-License-Identifier: Apache-2.0
//
// LLVM dialect to PTX.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace mlir {
class ModuleOp;
}

namespace lighthouse {

struct CudaTarget;

/// A kernel in LLVM IR. Each has a context of its own, so that several may be worked on at once.
struct KernelIR {
  std::string name;
  std::unique_ptr<llvm::LLVMContext> context;
  std::unique_ptr<llvm::Module> module;
};

/// Translates each kernel of the module, or the one named where `kernel` is not empty, and optimises. The module is
/// consumed.
llvm::Expected<std::vector<KernelIR>> translateForCuda(mlir::ModuleOp module, const CudaTarget &target,
                                                       llvm::StringRef kernel = "");

/// PTX of each kernel, a module of its own that can be assembled alone.
llvm::Expected<std::vector<std::string>> generatePtx(llvm::ArrayRef<KernelIR> kernels, const CudaTarget &target);

/// Such modules in one that can be assembled: version and target are told once.
std::string joinPtx(llvm::ArrayRef<std::string> modules);

} // namespace lighthouse
