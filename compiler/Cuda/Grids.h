// SPDX-License-Identifier: Apache-2.0
//
// What the lowering wrote on the kernels, into the launch plans.
#pragma once

#include "runtime/LaunchPlan.h"

namespace mlir {
class ModuleOp;
}

namespace lighthouse {

/// Sets all of each launch but its buffers from the function of its kernel in `module`. Fails when a kernel is missing,
/// or its tensor maps are not what kTensorMapsAttr asks for.
llvm::Error setGrids(std::vector<LaunchPlan> &plans, mlir::ModuleOp module);

} // namespace lighthouse
