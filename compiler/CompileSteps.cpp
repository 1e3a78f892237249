// SPDX-License-Identifier: Apache-2.0
#include "compiler/CompileSteps.h"

#include "compiler/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/IR/Module.h"

using namespace mlir;

namespace lighthouse {

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

llvm::Error noSuchKernel(const std::vector<LaunchPlan> &plans, StringRef kernel, StringRef argument) {
  std::string names;
  for (const LaunchPlan &plan : plans)
    for (const Launch &launch : plan.launches)
      names += (names.empty() ? "" : ", ") + launch.kernel;
  return llvm::createStringError(std::errc::invalid_argument, "%s: expects one of %s, but got %s",
                                 argument.str().c_str(), names.c_str(), kernel.str().c_str());
}

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

} // namespace lighthouse
