// SPDX-License-Identifier: Apache-2.0
//
// LLVM's part of the CUDA pipeline: translation, optimisation, code generation.
#include "compiler/Cuda/Codegen.h"

#include "compiler/Optimize.h"
#include "compiler/Passes.h"
#include "runtime/CudaTarget.h"
#include "runtime/ThreadPool.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/STLExtras.h"
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

constexpr llvm::StringLiteral kTriple = "nvptx64-nvidia-cuda";

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
  llvm::Triple triple(kTriple);
  const llvm::Target *found = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!found)
    return llvm::createStringError(error);
  llvm::TargetOptions options;
  // Where a product and a sum are one instruction, the schedule says so (fma).
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  std::unique_ptr<llvm::TargetMachine> machine(
      found->createTargetMachine(triple, target.arch, "+ptx" + std::to_string(target.ptx_version), options,
                                 llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Default));
  if (!machine)
    return llvm::createStringError("no code generator for " + target.arch);
  return std::move(machine);
}

/// What a kernel tells the assembler.
void setLaunchBounds(mlir::LLVM::LLVMFuncOp function, llvm::Function &kernel) {
  auto get = [&](llvm::StringRef name) {
    return std::to_string(function->getAttrOfType<mlir::IntegerAttr>(name).getInt());
  };
  kernel.addFnAttr("nvvm.reqntid", get(kThreadsAttr));
  kernel.addFnAttr("nvvm.minctasm", get(kMinBlocksAttr));
  // Tensor maps stay where the driver puts them.
  for (llvm::Argument &argument : kernel.args())
    if (argument.hasByValAttr())
      argument.addAttr(llvm::Attribute::get(kernel.getContext(), "nvvm.grid_constant"));
  // .ftz instructions: a denormal float32 is zero, as in the approximate ones.
  kernel.addFnAttr("denormal-fp-math-f32", "preserve-sign,preserve-sign");
}

/// Moves the kernel into a module with what it refers to, and translates that.
llvm::Expected<KernelIR> translate(mlir::ModuleOp module, mlir::LLVM::LLVMFuncOp function,
                                   const llvm::DataLayout &layout) {
  mlir::OwningOpRef<mlir::ModuleOp> alone(mlir::ModuleOp::create(function.getLoc()));
  mlir::OpBuilder builder(alone->getBodyRegion());
  for (auto global : module.getOps<mlir::LLVM::GlobalOp>())
    builder.clone(*global);
  function->moveBefore(alone->getBody(), alone->getBody()->end());
  KernelIR kernel;
  kernel.name = function.getName();
  kernel.context = std::make_unique<llvm::LLVMContext>();
  kernel.module = mlir::translateModuleToLLVMIR(*alone, *kernel.context, kernel.name);
  if (!kernel.module)
    return llvm::createStringError("translation of kernel %s to LLVM IR failed", kernel.name.c_str());
  kernel.module->setTargetTriple(llvm::Triple(kTriple));
  kernel.module->setDataLayout(layout);
  setLaunchBounds(function, *kernel.module->getFunction(kernel.name));
  return kernel;
}

/// Calls `body` with each kernel and a code generator for it, several at a time.
llvm::Error forEachKernel(llvm::ArrayRef<KernelIR> kernels, const CudaTarget &target,
                          llvm::function_ref<llvm::Error(size_t, llvm::TargetMachine &)> body) {
  // The longest first: the others fill the gaps.
  llvm::SmallVector<std::pair<unsigned, size_t>> order;
  for (const auto &[index, kernel] : llvm::enumerate(kernels))
    order.emplace_back(kernel.module->getInstructionCount(), index);
  llvm::sort(order, std::greater<>());
  std::vector<std::string> failures(kernels.size());
  parallelFor(kernels.size(), defaultThreadCount(), [&](int64_t item) {
    size_t index = order[item].second;
    auto machine = machineFor(target);
    if (llvm::Error error = machine ? body(index, **machine) : machine.takeError())
      failures[index] = llvm::toString(std::move(error));
  });
  for (const std::string &failure : failures)
    if (!failure.empty())
      return llvm::createStringError(failure);
  return llvm::Error::success();
}

} // namespace

llvm::Expected<std::vector<KernelIR>> translateForCuda(mlir::ModuleOp module, const CudaTarget &target,
                                                       llvm::StringRef kernel) {
  auto machine = machineFor(target);
  if (!machine)
    return machine.takeError();
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  mlir::registerLLVMDialectTranslation(*module.getContext());
  std::vector<KernelIR> kernels;
  for (auto function : llvm::make_early_inc_range(module.getOps<mlir::LLVM::LLVMFuncOp>())) {
    if (!function->hasAttr(kThreadsAttr) || !(kernel.empty() || function.getName() == kernel))
      continue;
    auto translated = translate(module, function, (*machine)->createDataLayout());
    if (!translated)
      return translated.takeError();
    kernels.push_back(std::move(*translated));
  }
  if (llvm::Error error = forEachKernel(kernels, target, [&](size_t index, llvm::TargetMachine &machine) {
        optimize(*kernels[index].module, machine, LoopMemory::Stays);
        return llvm::Error::success();
      }))
    return std::move(error);
  return kernels;
}

llvm::Expected<std::vector<std::string>> generatePtx(llvm::ArrayRef<KernelIR> kernels, const CudaTarget &target) {
  std::vector<std::string> texts(kernels.size());
  auto generate = [&](size_t index, llvm::TargetMachine &machine) -> llvm::Error {
    llvm::SmallString<0> text;
    llvm::raw_svector_ostream stream(text);
    llvm::legacy::PassManager passes;
    if (machine.addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile,
                                    /*DisableVerify=*/true))
      return llvm::createStringError("the code generator for " + target.arch + " can't write assembly");
    passes.run(*kernels[index].module);
    texts[index] = text.str();
    return llvm::Error::success();
  };
  if (llvm::Error error = forEachKernel(kernels, target, generate))
    return std::move(error);
  return texts;
}

std::string joinPtx(llvm::ArrayRef<std::string> modules) {
  constexpr llvm::StringLiteral last_of_header = ".address_size 64\n";
  std::string text;
  for (llvm::StringRef module : modules)
    text += text.empty() ? module : module.substr(module.find(last_of_header) + last_of_header.size());
  return text;
}

} // namespace lighthouse
