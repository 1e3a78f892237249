// SPDX-License-Identifier: Apache-2.0
//
// Compiling through the pipelines, to machine code or to the text of a stage.
#include "compiler/Compile.h"

#include "compiler/CompileSteps.h"
#include "compiler/Host/Codegen.h"
#include "compiler/Passes.h"
#include "compiler/Pipelines.h"
#include "compiler/Plan.h"
#include "runtime/BuildId.h"
#include "runtime/CudaTarget.h"
#include "runtime/HostTarget.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

using namespace mlir;

namespace lighthouse {

/// The lowering's work items into the launches.
static llvm::Error setItems(std::vector<LaunchPlan> &plans, ModuleOp module) {
  for (LaunchPlan &plan : plans)
    for (Launch &launch : plan.launches) {
      auto kernel = module.lookupSymbol<func::FuncOp>(launch.kernel);
      auto items = kernel ? kernel->getAttrOfType<IntegerAttr>(kItemsAttr) : IntegerAttr();
      if (!items)
        return llvm::createStringError("the lowering made no kernel %s", launch.kernel.c_str());
      launch.items = items.getInt();
    }
  return llvm::Error::success();
}

llvm::Expected<std::vector<LaunchPlan>> plansForHost(ModuleOp module) {
  auto fuse = [](OpPassManager &pm) {
    buildStagePipeline(pm);
    buildHostFusionPipeline(pm);
  };
  if (llvm::Error error = runPipeline(module, fuse))
    return std::move(error);
  return plansOf(module);
}

llvm::Expected<CompiledModule> compileForHost(ModuleOp module, const HostTarget &target) {
  CompiledModule compiled;
  compiled.target = target.name();
  llvm::Expected<std::vector<LaunchPlan>> plans = plansForHost(module);
  if (!plans)
    return plans.takeError();
  compiled.plans = std::move(*plans);
  if (llvm::Error error = runPipeline(module, [&](OpPassManager &pm) { buildHostLoopPipeline(pm, target); }))
    return std::move(error);
  if (llvm::Error error = setItems(compiled.plans, module))
    return std::move(error);
  if (llvm::Error error = runPipeline(module, buildHostLLVMPipeline))
    return std::move(error);
  llvm::LLVMContext context;
  llvm::Expected<std::unique_ptr<llvm::Module>> translated = translateForHost(module, target, context);
  if (!translated)
    return translated.takeError();
  std::vector<std::string> kernels;
  for (const LaunchPlan &plan : compiled.plans)
    for (const Launch &launch : plan.launches)
      if (!llvm::is_contained(kernels, launch.kernel))
        kernels.push_back(launch.kernel);
  auto objects = generateHostObjects(**translated, kernels, target);
  if (!objects)
    return objects.takeError();
  compiled.code = std::move(*objects);
  return compiled;
}

llvm::Expected<std::string> emitForHost(ModuleOp module, const HostTarget &target, EmitStage stage, StringRef kernel) {
  if (llvm::Error error = runPipeline(module, buildStagePipeline))
    return std::move(error);
  if (stage == EmitStage::Stages)
    return textOf(module, "");
  if (llvm::Error error = runPipeline(module, buildHostFusionPipeline))
    return std::move(error);
  if (stage == EmitStage::Fused)
    return textOf(module, "");
  llvm::Expected<std::vector<LaunchPlan>> plans = plansOf(module);
  if (!plans)
    return plans.takeError();
  if (llvm::Error error = runPipeline(module, [&](OpPassManager &pm) { buildHostLoopPipeline(pm, target); }))
    return std::move(error);
  if (!kernel.empty() && !module.lookupSymbol(kernel))
    return noSuchKernel(*plans, kernel);
  if (stage == EmitStage::Loops)
    return textOf(module, kernel);
  if (llvm::Error error = runPipeline(module, buildHostLLVMPipeline))
    return std::move(error);
  llvm::LLVMContext context;
  llvm::Expected<std::unique_ptr<llvm::Module>> translated = translateForHost(module, target, context);
  if (!translated)
    return translated.takeError();
  if (!kernel.empty())
    keepOnly(**translated, kernel);
  if (llvm::Error error = optimizeForHost(**translated, target))
    return std::move(error);
  if (stage == EmitStage::LLVM) {
    std::string text;
    llvm::raw_string_ostream(text) << **translated;
    return text;
  }
  llvm::Expected<llvm::SmallVector<char, 0>> code = generateHostCode(**translated, target, /*assembly=*/true);
  if (!code)
    return code.takeError();
  return std::string(code->begin(), code->end());
}

std::string compilerKey() {
  std::string key = "lighthouse " LIGHTHOUSE_VERSION "; LLVM " LLVM_VERSION_STRING "; build " + buildId() + "; ";
  llvm::raw_string_ostream stream(key);
  OpPassManager pm(ModuleOp::getOperationName());
  buildStagePipeline(pm);
  buildHostFusionPipeline(pm);
  buildHostLLVMPipeline(pm);
  CudaTarget cuda = llvm::cantFail(CudaTarget::fromArch("sm_80")); // which one is in the target's key
  buildCudaFusionPipeline(pm, cuda);
  buildCudaTilePipeline(pm, cuda);
  buildCudaLLVMPipeline(pm);
  pm.printAsTextualPipeline(stream);
  return key;
}

} // namespace lighthouse
