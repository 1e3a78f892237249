// SPDX-License-Identifier: Apache-2.0
//
// Compiling through the pipelines, to machine code or to the text of a stage.
#include "compiler/Compile.h"

#include "compiler/Host/Codegen.h"
#include "compiler/Passes.h"
#include "compiler/Pipelines.h"
#include "compiler/Plan.h"
#include "runtime/BuildId.h"
#include "runtime/HostTarget.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

using namespace mlir;

namespace lighthouse {

namespace {

/// Runs a pipeline; what goes wrong comes back as the diagnostics' text.
llvm::Error runPipeline(ModuleOp module, function_ref<void(OpPassManager &)> build) {
  std::string text;
  ScopedDiagnosticHandler handler(module.getContext(),
                                  [&](Diagnostic &diagnostic) { text += diagnostic.str() + "\n"; });
  PassManager pm(module.getContext());
#ifdef NDEBUG
  pm.enableVerifier(false);
#endif
  build(pm);
  if (succeeded(pm.run(module)))
    return llvm::Error::success();
  return llvm::createStringError(text.empty() ? "a pass failed without a diagnostic" : text);
}

/// Plans of @forward and @backward, after fusion.
llvm::Expected<std::vector<LaunchPlan>> plansOf(ModuleOp module) {
  std::vector<LaunchPlan> plans;
  for (auto function : module.getOps<func::FuncOp>()) {
    llvm::Expected<LaunchPlan> plan = planOf(function);
    if (!plan)
      return plan.takeError();
    plans.push_back(std::move(*plan));
  }
  return plans;
}

/// The lowering's work items into the launches.
llvm::Error setItems(std::vector<LaunchPlan> &plans, ModuleOp module) {
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

std::string textOf(ModuleOp module, StringRef kernel) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (kernel.empty()) {
    module.print(stream);
    return text;
  }
  for (Operation &op : module.getOps())
    if (auto symbol = dyn_cast<SymbolOpInterface>(op);
        symbol && (symbol.getName() == kernel || symbol.getName() == (kernel + ".body").str()))
      stream << op << "\n";
  return text;
}

std::string kernelNames(const std::vector<LaunchPlan> &plans) {
  std::string names;
  for (const LaunchPlan &plan : plans)
    for (const Launch &launch : plan.launches)
      names += (names.empty() ? "" : ", ") + launch.kernel;
  return names;
}

/// Deletes every function but `kernel` and what it calls.
void keepOnly(llvm::Module &module, StringRef kernel) {
  for (llvm::Function &function : llvm::make_early_inc_range(module)) {
    if (function.isDeclaration() || function.getName() == kernel || function.hasLocalLinkage())
      continue;
    function.eraseFromParent();
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (llvm::Function &function : llvm::make_early_inc_range(module))
      if (function.use_empty() && function.getName() != kernel) {
        function.eraseFromParent();
        changed = true;
      }
  }
}

} // namespace

llvm::Expected<CompiledModule> compileForHost(ModuleOp module, const HostTarget &target) {
  CompiledModule compiled;
  compiled.target = target.name();
  auto fuse = [](OpPassManager &pm) {
    buildStagePipeline(pm);
    buildHostFusionPipeline(pm);
  };
  if (llvm::Error error = runPipeline(module, fuse))
    return std::move(error);
  llvm::Expected<std::vector<LaunchPlan>> plans = plansOf(module);
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
  llvm::Expected<llvm::SmallVector<char, 0>> code = generateHostCode(**translated, target, /*assembly=*/false);
  if (!code)
    return code.takeError();
  compiled.code = std::move(*code);
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
    return llvm::createStringError(std::errc::invalid_argument, "kernel: expects one of %s, but got %s",
                                   kernelNames(*plans).c_str(), kernel.str().c_str());
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
  pm.printAsTextualPipeline(stream);
  return key;
}

} // namespace lighthouse
