// SPDX-License-Identifier: Apache-2.0
//
// LLVM dialect to the host's machine code.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm
namespace mlir {
class ModuleOp;
}

namespace lighthouse {

struct HostTarget;

/// Translates, for the target's CPU and features.
llvm::Expected<std::unique_ptr<llvm::Module>> translateForHost(mlir::ModuleOp module, const HostTarget &target,
                                                               llvm::LLVMContext &context);

/// Optimises a translated module.
llvm::Error optimizeForHost(llvm::Module &module, const HostTarget &target);

/// Relocatable objects of a module that is not optimised yet, one for each of its kernels with what it calls; optimised
/// and generated in parallel threads.
llvm::Expected<std::vector<llvm::SmallVector<char, 0>>>
generateHostObjects(llvm::Module &module, llvm::ArrayRef<std::string> kernels, const HostTarget &target);

/// A relocatable object, or assembly text.
llvm::Expected<llvm::SmallVector<char, 0>> generateHostCode(llvm::Module &module, const HostTarget &target,
                                                            bool assembly);

} // namespace lighthouse
