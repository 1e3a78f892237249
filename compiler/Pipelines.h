// SPDX-License-Identifier: Apache-2.0
//
// One pipeline function a target, and the steps that all targets share.
#pragma once

namespace mlir {
class DialectRegistry;
class OpPassManager;
} // namespace mlir

namespace lighthouse {

struct CudaTarget;
struct HostTarget;

/// Every dialect a pipeline here may meet.
void registerDialects(mlir::DialectRegistry &registry);
/// Our passes, the MLIR passes that pipelines here use, and the pipelines by name, for lighthouse-opt.
void registerPipelines();

/// Canonical stage IR: from what lighthouse_ops builds to @forward and @backward.
void buildStagePipeline(mlir::OpPassManager &pm);
/// Stages to kernels.
void buildFusionPipeline(mlir::OpPassManager &pm);
/// The same for NVIDIA GPUs, where each gradient of attention is summed by one block, or, where that is much faster and
/// the target need not be deterministic, that of queries by several.
void buildCudaFusionPipeline(mlir::OpPassManager &pm, const CudaTarget &target);
/// Kernels to tile programs; `parameters`: with the search space of each.
void buildCudaTilePipeline(mlir::OpPassManager &pm, const CudaTarget &target, bool parameters = false);
/// Tile programs to the LLVM dialect.
void buildCudaLLVMPipeline(mlir::OpPassManager &pm);
/// The same for the host, which takes gradients one after another, since memory is what limits them there.
void buildHostFusionPipeline(mlir::OpPassManager &pm);
/// Kernels to loops and vectors for the host.
void buildHostLoopPipeline(mlir::OpPassManager &pm, const HostTarget &target);
/// Loops and vectors to the LLVM dialect, with the launcher's calling convention.
void buildHostLLVMPipeline(mlir::OpPassManager &pm);

} // namespace lighthouse
