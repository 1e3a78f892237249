// SPDX-License-Identifier: Apache-2.0
//
// LLVM's part of the CUDA pipeline: translation, optimisation, code generation.
#include "compiler/Cuda/Codegen.h"

#include "compiler/Optimize.h"
#include "compiler/Passes.h"
#include "runtime/CudaTarget.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"

extern "C" {
void LLVMInitializeNVPTXTargetInfo();
void LLVMInitializeNVPTXTarget();
void LLVMInitializeNVPTXTargetMC();
void LLVMInitializeNVPTXAsmPrinter();
}

namespace lighthouse {
namespace {

llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machineFor(const CudaTarget &target) {
  static const bool initialized = [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    return true;
  }();
  (void)initialized;
  std::string error;
  llvm::Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *found = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!found)
    return llvm::createStringError(error);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Fast;
  std::unique_ptr<llvm::TargetMachine> machine(
      found->createTargetMachine(triple, target.arch, "+ptx" + std::to_string(target.ptx_version), options,
                                 llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
  if (!machine)
    return llvm::createStringError("no code generator for " + target.arch);
  return std::move(machine);
}

/// What a kernel tells the assembler.
void setLaunchBounds(mlir::ModuleOp module, llvm::Module &translated) {
  for (auto function : module.getOps<mlir::LLVM::LLVMFuncOp>()) {
    auto threads = function->getAttrOfType<mlir::IntegerAttr>(kThreadsAttr);
    if (!threads)
      continue;
    llvm::Function *kernel = translated.getFunction(function.getName());
    kernel->addFnAttr("nvvm.reqntid", std::to_string(threads.getInt()));
    auto blocks = function->getAttrOfType<mlir::IntegerAttr>(kMinBlocksAttr);
    kernel->addFnAttr("nvvm.minctasm", std::to_string(blocks.getInt()));
    // .ftz instructions: a denormal float32 is zero, as in the approximate ones.
    kernel->addFnAttr("denormal-fp-math-f32", "preserve-sign,preserve-sign");
  }
}

} // namespace

llvm::Expected<std::unique_ptr<llvm::Module>> translateForCuda(mlir::ModuleOp module, const CudaTarget &target,
                                                               llvm::LLVMContext &context) {
  auto machine = machineFor(target);
  if (!machine)
    return machine.takeError();
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  mlir::registerLLVMDialectTranslation(*module.getContext());
  std::unique_ptr<llvm::Module> translated = mlir::translateModuleToLLVMIR(module, context);
  if (!translated)
    return llvm::createStringError("translation to LLVM IR failed");
  translated->setTargetTriple(llvm::Triple("nvptx64-nvidia-cuda"));
  translated->setDataLayout((*machine)->createDataLayout());
  setLaunchBounds(module, *translated);
  optimize(*translated, **machine);
  return std::move(translated);
}

llvm::Expected<std::string> generatePtx(llvm::Module &module, const CudaTarget &target) {
  auto machine = machineFor(target);
  if (!machine)
    return machine.takeError();
  llvm::SmallString<0> text;
  llvm::raw_svector_ostream stream(text);
  llvm::legacy::PassManager passes;
  if ((*machine)->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile,
                                      /*DisableVerify=*/true))
    return llvm::createStringError("the code generator for " + target.arch + " can't write assembly");
  passes.run(module);
  return text.str().str();
}

} // namespace lighthouse
