// SPDX-License-Identifier: Apache-2.0
//
// What each pipeline runs, in order.
#include "compiler/Pipelines.h"

#include "compiler/Cuda/Hopper.h"
#include "compiler/Passes.h"
#include "dialects/Lighthouse/Lighthouse.h"
#include "dialects/Tile/Tile.h"
#include "runtime/CudaTarget.h"
#include "runtime/HostTarget.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace lighthouse {

void registerDialects(DialectRegistry &registry) {
  registry.insert<LighthouseDialect, tile::TileDialect, amx::AMXDialect, arith::ArithDialect, cf::ControlFlowDialect,
                  func::FuncDialect, LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect, scf::SCFDialect,
                  vector::VectorDialect, ub::UBDialect, x86vector::X86VectorDialect>();
}

void buildStagePipeline(OpPassManager &pm) {
  // Canonical first: what a pyramid of one level doesn't need, it needs no adjoint of either.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createDifferentiate());
}

void buildFusionPipeline(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(createExpandScores());
  pm.addNestedPass<func::FuncOp>(createInvertSelections());
  pm.addNestedPass<func::FuncOp>(createSplitAttention());
  pm.addNestedPass<func::FuncOp>(createFuseStages());
}

void buildCudaFusionPipeline(OpPassManager &pm, const CudaTarget &target) {
  pm.addNestedPass<func::FuncOp>(createExpandScores());
  pm.addNestedPass<func::FuncOp>(createInvertSelections());
  pm.addPass(createShareInverses());
  SeparateGradientsOptions separate;
  separate.joined = target.deterministic ? 0 : cuda::hopperHeadDim(target.arch);
  pm.addNestedPass<func::FuncOp>(createSeparateGradients(separate));
  SplitGlaOptions parts;
  parts.narrow = cuda::hopperHeadDim(target.arch) ? 64 : 32; // By mma.sync a state of 64 columns spills registers.
  pm.addNestedPass<func::FuncOp>(createSplitGla(parts));
  pm.addNestedPass<func::FuncOp>(createFuseStages());
  SplitGradientsOptions split;
  split.keysWithValues = true;
  pm.addNestedPass<func::FuncOp>(createSplitGradients(split));
}

void buildCudaTilePipeline(OpPassManager &pm, const CudaTarget &target, bool parameters) {
  LowerKernelsToTileOptions options;
  options.parameters = parameters;
  options.arch = target.arch;
  pm.addPass(createLowerKernelsToTile(options));
  pm.addPass(createCSEPass());
}

void buildCudaLLVMPipeline(OpPassManager &pm) {
  pm.addPass(createLowerTileToLLVM());
  pm.addPass(createCSEPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

void buildHostFusionPipeline(OpPassManager &pm) {
  buildFusionPipeline(pm);
  pm.addNestedPass<func::FuncOp>(createSplitGradients());
}

void buildHostLoopPipeline(OpPassManager &pm, const HostTarget &target) {
  LowerKernelsToHostOptions options;
  options.lanes = target.vector_lanes;
  options.registers = target.vector_registers;
  options.tiles = target.has_amx;
  pm.addPass(createLowerKernelsToHost(options));
  if (!target.has_avx512bf16) {
    // LLVM would call a rounding function of libgcc that not every system has.
    arith::ArithExpandOpsPassOptions expand;
    expand.includeBf16 = true;
    pm.addPass(arith::createArithExpandOpsPass(expand));
  }
  pm.addPass(createCSEPass());
}

void buildHostLLVMPipeline(OpPassManager &pm) {
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  ConvertVectorToLLVMPassOptions vectors;
  vectors.x86Vector = true;
  vectors.amx = true;
  pm.addPass(createConvertVectorToLLVMPass(vectors));
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createPackKernelArguments());
}

void registerPipelines() {
  registerLighthousePasses();
  registerTransformsPasses();
  PassPipelineRegistration<>("lighthouse-stages", "Canonical stage IR with its backward function", buildStagePipeline);
  PassPipelineRegistration<>("lighthouse-fusion", "Stages to kernels", buildFusionPipeline);
  PassPipelineRegistration<>("lighthouse-cuda-fusion", "Stages to kernels for sm_80", [](OpPassManager &pm) {
    buildCudaFusionPipeline(pm, llvm::cantFail(CudaTarget::fromArch("sm_80")));
  });
  PassPipelineRegistration<>("lighthouse-cuda-tile", "Kernels to tile programs for sm_80", [](OpPassManager &pm) {
    buildCudaTilePipeline(pm, llvm::cantFail(CudaTarget::fromArch("sm_80")));
  });
  PassPipelineRegistration<>("lighthouse-cuda-llvm", "Tile programs to the LLVM dialect", buildCudaLLVMPipeline);
  PassPipelineRegistration<>("lighthouse-host-llvm", "Loops and vectors of host kernels to the LLVM dialect",
                             buildHostLLVMPipeline);
}

} // namespace lighthouse
