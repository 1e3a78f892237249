// SPDX-License-Identifier: Apache-2.0
//
// Constructors and registration of the passes in Passes.td, and the names of the attributes they share.
#pragma once

#include "mlir/Pass/Pass.h"

#include <memory>

namespace mlir {
class ModuleOp;
namespace func {
class FuncOp;
}
} // namespace mlir

namespace lighthouse {

/// On arguments and results of @forward and @backward: what the caller calls them.
inline constexpr llvm::StringLiteral kNameAttr = "lighthouse.name";
/// On arguments and results: the caller gives the strides, the last of them 1.
inline constexpr llvm::StringLiteral kStridedAttr = "lighthouse.strided";
/// On results of @forward: receives a gradient.
inline constexpr llvm::StringLiteral kDifferentiableAttr = "lighthouse.differentiable";
/// On host kernels: how many work items a launch has.
inline constexpr llvm::StringLiteral kItemsAttr = "lighthouse.items";

#define GEN_PASS_DECL
#include "compiler/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/Passes.h.inc"

} // namespace lighthouse
