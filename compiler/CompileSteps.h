// SPDX-License-Identifier: Apache-2.0
//
// Steps that the compilation for every target takes.
#pragma once

#include "runtime/LaunchPlan.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace llvm {
class Module;
}
namespace mlir {
class ModuleOp;
class OpPassManager;
} // namespace mlir

namespace lighthouse {

/// Runs a pipeline; what goes wrong comes back as the diagnostics' text.
llvm::Error runPipeline(mlir::ModuleOp module, llvm::function_ref<void(mlir::OpPassManager &)> build);

/// Plans of @forward and @backward, after fusion.
llvm::Expected<std::vector<LaunchPlan>> plansOf(mlir::ModuleOp module);

/// The text of a module, or of one kernel when its name is not empty.
std::string textOf(mlir::ModuleOp module, llvm::StringRef kernel);

/// The error of a caller whose argument ("kernel") names a kernel that the plans don't launch.
llvm::Error noSuchKernel(const std::vector<LaunchPlan> &plans, llvm::StringRef kernel,
                         llvm::StringRef argument = "kernel");

/// Deletes every function but `kernel` and what it calls.
void keepOnly(llvm::Module &module, llvm::StringRef kernel);

} // namespace lighthouse
