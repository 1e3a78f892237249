// SPDX-License-Identifier: Apache-2.0
//
// The pipelines, and compiling through them.
#include "compiler/Pipelines.h"

#include "compiler/Compile.h"
#include "compiler/Host/Codegen.h"
#include "compiler/Passes.h"
#include "compiler/Plan.h"
#include "dialects/Lighthouse/Lighthouse.h"
#include "runtime/HostTarget.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/Module.h"

#include <link.h>

using namespace mlir;

namespace lighthouse {

void registerDialects(DialectRegistry &registry) {
  registry.insert<LighthouseDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect, LLVM::LLVMDialect, math::MathDialect,
                  memref::MemRefDialect, scf::SCFDialect, vector::VectorDialect, x86vector::X86VectorDialect>();
}

//===-- Pipelines -----------------------------------------------------------------------------------------------------===//

void buildStagePipeline(OpPassManager &pm) {
  // Canonical first: what a pyramid of one level doesn't need, it needs no adjoint of either.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createDifferentiate());
}

void buildFusionPipeline(OpPassManager &pm) {
  pm.addNestedPass<func::FuncOp>(createInvertSelections());
  pm.addNestedPass<func::FuncOp>(createSplitAttention());
  pm.addNestedPass<func::FuncOp>(createFuseStages());
}

void buildHostLoopPipeline(OpPassManager &pm, const HostTarget &target) {
  LowerKernelsToHostOptions options;
  options.lanes = target.vector_lanes;
  options.registers = target.vector_registers;
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
  PassPipelineRegistration<>("lighthouse-host-llvm", "Loops and vectors of host kernels to the LLVM dialect", buildHostLLVMPipeline);
}

//===-- Compiling -----------------------------------------------------------------------------------------------------===//

namespace {

/// Runs a pipeline; what goes wrong comes back as the diagnostics' text.
llvm::Error runPipeline(ModuleOp module, function_ref<void(OpPassManager &)> build) {
  std::string text;
  ScopedDiagnosticHandler handler(module.getContext(), [&](Diagnostic &diagnostic) { text += diagnostic.str() + "\n"; });
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
    if (auto symbol = dyn_cast<SymbolOpInterface>(op); symbol && (symbol.getName() == kernel || symbol.getName() == (kernel + ".body").str()))
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

/// The linker's build id of the library that holds this code: two builds never share cache entries.
static std::string buildId() {
  struct Search {
    uintptr_t address;
    std::string id;
  } search{reinterpret_cast<uintptr_t>(&buildId), ""};
  auto visit = [](dl_phdr_info *info, size_t, void *data) {
    auto *search = static_cast<Search *>(data);
    bool ours = false;
    for (const ElfW(Phdr) &header : ArrayRef(info->dlpi_phdr, info->dlpi_phnum)) {
      uintptr_t begin = info->dlpi_addr + header.p_vaddr;
      ours |= header.p_type == PT_LOAD && search->address >= begin && search->address < begin + header.p_memsz;
    }
    if (!ours)
      return 0;
    for (const ElfW(Phdr) &header : ArrayRef(info->dlpi_phdr, info->dlpi_phnum)) {
      if (header.p_type != PT_NOTE)
        continue;
      const auto *note = reinterpret_cast<const ElfW(Nhdr) *>(info->dlpi_addr + header.p_vaddr);
      const auto *end = reinterpret_cast<const ElfW(Nhdr) *>(info->dlpi_addr + header.p_vaddr + header.p_memsz);
      while (note < end) {
        const char *name = reinterpret_cast<const char *>(note + 1);
        const char *desc = name + llvm::alignTo(note->n_namesz, 4);
        if (note->n_type == NT_GNU_BUILD_ID && StringRef(name) == "GNU")
          search->id = llvm::toHex(StringRef(desc, note->n_descsz), /*LowerCase=*/true);
        note = reinterpret_cast<const ElfW(Nhdr) *>(desc + llvm::alignTo(note->n_descsz, 4));
      }
    }
    return 1;
  };
  dl_iterate_phdr(visit, &search);
  return search.id;
}

llvm::Expected<CompiledModule> compileForHost(ModuleOp module, const HostTarget &target) {
  CompiledModule compiled;
  compiled.target = target.name();
  auto fuse = [](OpPassManager &pm) {
    buildStagePipeline(pm);
    buildFusionPipeline(pm);
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
  if (llvm::Error error = runPipeline(module, buildFusionPipeline))
    return std::move(error);
  if (stage == EmitStage::Fused)
    return textOf(module, "");
  llvm::Expected<std::vector<LaunchPlan>> plans = plansOf(module);
  if (!plans)
    return plans.takeError();
  if (llvm::Error error = runPipeline(module, [&](OpPassManager &pm) { buildHostLoopPipeline(pm, target); }))
    return std::move(error);
  if (!kernel.empty() && !module.lookupSymbol(kernel))
    return llvm::createStringError(std::errc::invalid_argument, "kernel: expects one of %s, but got %s", kernelNames(*plans).c_str(),
                                   kernel.str().c_str());
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
  buildFusionPipeline(pm);
  buildHostLLVMPipeline(pm);
  pm.printAsTextualPipeline(stream);
  return key;
}

} // namespace lighthouse
