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
/// On strided arguments and results of rank 4: a call may have fewer rows than the type says, the same number in all.
inline constexpr llvm::StringLiteral kVarlenAttr = "lighthouse.varlen";
/// On results of @forward: receives a gradient.
inline constexpr llvm::StringLiteral kDifferentiableAttr = "lighthouse.differentiable";
/// On kernels of stages: a dictionary of the schedule's parameters.
inline constexpr llvm::StringLiteral kScheduleAttr = "schedule";
/// On tile programs, where asked for: the parameters of their schedules, and the values worth trying for each.
inline constexpr llvm::StringLiteral kParametersAttr = "lighthouse.parameters";
inline constexpr llvm::StringLiteral kCandidatesAttr = "lighthouse.candidates";
/// On kernels: how many work items, or blocks, a launch has.
inline constexpr llvm::StringLiteral kItemsAttr = "lighthouse.items";
/// On CUDA kernels: threads of a block, blocks a multiprocessor should hold, dynamic shared memory of a block.
inline constexpr llvm::StringLiteral kThreadsAttr = "lighthouse.threads";
inline constexpr llvm::StringLiteral kMinBlocksAttr = "lighthouse.min_blocks";
inline constexpr llvm::StringLiteral kSharedBytesAttr = "lighthouse.shared_bytes";
/// On CUDA kernels, optional: an array of the tensor maps that are the last parameters, in order, a dictionary of i64
/// each: `view` is the number of the view among the kernel's, `rows`, `columns` and `swizzle` are as in TensorMap, a
/// unit attribute `flat` says that it is.
inline constexpr llvm::StringLiteral kTensorMapsAttr = "lighthouse.tensor_maps";
/// On CUDA kernels, optional: numbers of the views that are all zeros when the kernel begins (DenseI64ArrayAttr).
inline constexpr llvm::StringLiteral kZeroedAttr = "lighthouse.zeroed";
/// On CUDA kernels, optional: a unit, Launch::programmatic.
inline constexpr llvm::StringLiteral kProgrammaticAttr = "lighthouse.programmatic";
inline constexpr int64_t kSharedAlignment = 128; ///< of each tile in shared memory, in bytes

#define GEN_PASS_DECL
#include "compiler/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/Passes.h.inc"

} // namespace lighthouse
