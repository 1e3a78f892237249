// SPDX-License-Identifier: Apache-2.0
//
// Compiling for CUDA through the pipelines, to PTX or to the text of a stage.
#include "compiler/Compile.h"

#include "compiler/CompileSteps.h"
#include "compiler/Cuda/Codegen.h"
#include "compiler/Cuda/CompileSteps.h"
#include "compiler/Cuda/Grids.h"
#include "compiler/Cuda/Hopper.h"
#include "compiler/Passes.h"
#include "compiler/Pipelines.h"
#include "dialects/Lighthouse/Lighthouse.h"
#include "runtime/CudaTarget.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace lighthouse {

void setSchedules(ModuleOp module, Schedules &schedules) {
  Builder builder(module.getContext());
  for (auto function : module.getOps<func::FuncOp>())
    for (auto kernel : function.getOps<lighthouse::KernelOp>()) {
      auto found = schedules.extract((function.getName() + "_" + kernel.getSymName()).str());
      if (found.empty())
        continue;
      NamedAttrList parameters;
      for (const auto &[name, value] : found.mapped())
        parameters.append(name, builder.getI64IntegerAttr(value));
      kernel->setAttr(kScheduleAttr, parameters.getDictionary(module.getContext()));
    }
}

bool dependsOnDeterminism(const Spec &spec, const CudaTarget &target) {
  return spec.op == OpKind::Attention && spec.dtype != DType::Float32 &&
         spec.head_dim <= cuda::hopperHeadDim(target.arch);
}

llvm::Expected<std::vector<LaunchPlan>> plansForCuda(ModuleOp module, const CudaTarget &target) {
  auto fuse = [&](OpPassManager &pm) {
    buildStagePipeline(pm);
    buildCudaFusionPipeline(pm, target);
  };
  if (llvm::Error error = runPipeline(module, fuse))
    return std::move(error);
  return plansOf(module);
}

llvm::Expected<CompiledModule> compileForCuda(ModuleOp module, const CudaTarget &target, const Schedules &schedules) {
  CompiledModule compiled;
  compiled.target = target.name();
  llvm::Expected<std::vector<LaunchPlan>> plans = plansForCuda(module, target);
  if (!plans)
    return plans.takeError();
  compiled.plans = std::move(*plans);
  Schedules left = schedules;
  setSchedules(module, left);
  auto lower = [&](OpPassManager &pm) {
    buildCudaTilePipeline(pm, target);
    buildCudaLLVMPipeline(pm);
  };
  if (llvm::Error error = runPipeline(module, lower))
    return std::move(error);
  if (llvm::Error error = setGrids(compiled.plans, module))
    return std::move(error);
  auto kernels = translateForCuda(module, target);
  if (!kernels)
    return kernels.takeError();
  auto texts = generatePtx(*kernels, target);
  if (!texts)
    return texts.takeError();
  for (const std::string &ptx : *texts)
    compiled.code.emplace_back(ptx.begin(), ptx.end());
  return compiled;
}

llvm::Expected<std::string> emitForCuda(ModuleOp module, const CudaTarget &target, EmitStage stage, StringRef kernel,
                                        const Schedules &schedules) {
  if (llvm::Error error = runPipeline(module, buildStagePipeline))
    return std::move(error);
  if (stage == EmitStage::Stages)
    return textOf(module, "");
  if (llvm::Error error = runPipeline(module, [&](OpPassManager &pm) { buildCudaFusionPipeline(pm, target); }))
    return std::move(error);
  llvm::Expected<std::vector<LaunchPlan>> plans = plansOf(module);
  if (!plans)
    return plans.takeError();
  Schedules left = schedules;
  setSchedules(module, left);
  if (!left.empty())
    return noSuchKernel(*plans, left.begin()->first, "schedule");
  if (stage == EmitStage::Fused)
    return textOf(module, "");
  if (llvm::Error error = runPipeline(module, [&](OpPassManager &pm) { buildCudaTilePipeline(pm, target); }))
    return std::move(error);
  if (!kernel.empty() && !module.lookupSymbol(kernel))
    return noSuchKernel(*plans, kernel);
  if (stage == EmitStage::Tile)
    return textOf(module, kernel);
  if (llvm::Error error = runPipeline(module, buildCudaLLVMPipeline))
    return std::move(error);
  if (stage == EmitStage::NVVM)
    return textOf(module, kernel);
  auto kernels = translateForCuda(module, target, kernel);
  if (!kernels)
    return kernels.takeError();
  if (stage == EmitStage::LLVM) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    for (const KernelIR &each : *kernels)
      stream << *each.module << "\n";
    return text;
  }
  auto texts = generatePtx(*kernels, target);
  if (!texts)
    return texts.takeError();
  return joinPtx(*texts);
}

} // namespace lighthouse
