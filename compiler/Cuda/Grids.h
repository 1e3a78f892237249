// SPDX-License-Identifier: Apache-2.0
//
// What the lowering wrote on the kernels, into the launch plans.
#pragma once

#include "runtime/LaunchPlan.h"

namespace mlir {
class ModuleOp;
}

namespace lighthouse {

/// Sets all of a launch but its buffers from the function of its kernel in `module`. Fails when the kernel is missing,
/// or its tensor maps are not what kTensorMapsAttr asks for.
llvm::Error setGrid(Launch &launch, mlir::ModuleOp module);
/// The same for each launch of the plans.
llvm::Error setGrids(std::vector<LaunchPlan> &plans, mlir::ModuleOp module);

} // namespace lighthouse
