// SPDX-License-Identifier: Apache-2.0
//
// Stage IR in, compiled module or the text of any stage out.
#pragma once

#include "lighthouse_ops/Op.h"
#include "runtime/CompiledModule.h"

namespace mlir {
class ModuleOp;
}

namespace lighthouse {

struct CudaTarget;
struct HostTarget;

/// Compiles a module of stage IR (a function @forward; @backward is derived) for the host. The module is consumed: it
/// holds the LLVM dialect afterwards.
llvm::Expected<CompiledModule> compileForHost(mlir::ModuleOp module, const HostTarget &target);

/// Its plans alone: with what each launch costs, but without its work items.
llvm::Expected<std::vector<LaunchPlan>> plansForHost(mlir::ModuleOp module);

/// The text of the module at a stage; `kernel` as in lighthouse_ops/Op.h. The module is consumed.
llvm::Expected<std::string> emitForHost(mlir::ModuleOp module, const HostTarget &target, EmitStage stage,
                                        llvm::StringRef kernel);

/// The same for a GPU: plans with the threads and shared memory of each launch, and PTX. Schedules of kernels that the
/// module lacks are left out; `emitForCuda` refuses them.
llvm::Expected<CompiledModule> compileForCuda(mlir::ModuleOp module, const CudaTarget &target,
                                              const Schedules &schedules);
/// Its plans alone: with what each launch costs, but neither its blocks nor its threads.
llvm::Expected<std::vector<LaunchPlan>> plansForCuda(mlir::ModuleOp module, const CudaTarget &target);
llvm::Expected<std::string> emitForCuda(mlir::ModuleOp module, const CudaTarget &target, EmitStage stage,
                                        llvm::StringRef kernel, const Schedules &schedules);

/// Whether the program of a spec is another one where the target is deterministic: otherwise its results have the same
/// bits from run to run anyway.
bool dependsOnDeterminism(const Spec &spec, const CudaTarget &target);

/// What machine code depends on besides spec and target, for cache keys: versions of Lighthouse and LLVM, this
/// build of the library, and the pipelines' passes.
std::string compilerKey();

} // namespace lighthouse
