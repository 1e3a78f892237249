// SPDX-License-Identifier: Apache-2.0
//
// The launch plan of a fused function.
#pragma once

#include "runtime/LaunchPlan.h"

#include "mlir/IR/Value.h"

namespace mlir::func {
class FuncOp;
}

namespace lighthouse {

/// Buffers and launches of a function that holds kernels only. What lives between kernels gets a place in the
/// workspace, reused when its last reader is done. The launches' kernels have the names that the lowering gives them;
/// their items are set to 0, for the lowering says how many there are. What each costs is what its stages say.
llvm::Expected<LaunchPlan> planOf(mlir::func::FuncOp fused);

/// Whether a tensor of a function that holds kernels is an argument or a result with that mark of Passes.h.
bool isMarked(mlir::func::FuncOp fused, mlir::Value tensor, llvm::StringRef mark);

} // namespace lighthouse
