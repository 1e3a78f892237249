// SPDX-License-Identifier: Apache-2.0
//
// LLVM dialect to the host's machine code.
#pragma once

#include "llvm/ADT/SmallVector.h"
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

struct HostTarget;

/// Translates and optimises (O3, the target's CPU and features).
llvm::Expected<std::unique_ptr<llvm::Module>> translateForHost(mlir::ModuleOp module, const HostTarget &target,
                                                               llvm::LLVMContext &context);

/// A relocatable object, or assembly text.
llvm::Expected<llvm::SmallVector<char, 0>> generateHostCode(llvm::Module &module, const HostTarget &target,
                                                            bool assembly);

} // namespace lighthouse
