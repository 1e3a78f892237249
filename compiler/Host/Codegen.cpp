// SPDX-License-Identifier: Apache-2.0
//
// LLVM's part of the host pipeline: translation, O3, code generation.
#include "compiler/Host/Codegen.h"

#include "compiler/CompileSteps.h"
#include "compiler/Optimize.h"
#include "runtime/HostTarget.h"
#include "runtime/ThreadPool.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"

#include <numeric>

namespace lighthouse {
namespace {

llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machineFor(const HostTarget &target) {
  static const bool initialized = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)initialized;
  std::string error;
  llvm::Triple triple(target.triple);
  const llvm::Target *found = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!found)
    return llvm::createStringError(error);
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  std::unique_ptr<llvm::TargetMachine> machine(
      found->createTargetMachine(triple, target.cpu, target.features, options, llvm::Reloc::PIC_,
                                 llvm::CodeModel::Small, llvm::CodeGenOptLevel::Default, /*JIT=*/true));
  if (!machine)
    return llvm::createStringError("no code generator for " + target.triple);
  return std::move(machine);
}

} // namespace

llvm::Expected<std::unique_ptr<llvm::Module>> translateForHost(mlir::ModuleOp module, const HostTarget &target,
                                                               llvm::LLVMContext &context) {
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine = machineFor(target);
  if (!machine)
    return machine.takeError();
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  mlir::registerLLVMDialectTranslation(*module.getContext());
  std::unique_ptr<llvm::Module> translated = mlir::translateModuleToLLVMIR(module, context);
  if (!translated)
    return llvm::createStringError("translation to LLVM IR failed");
  translated->setTargetTriple(llvm::Triple(target.triple));
  translated->setDataLayout((*machine)->createDataLayout());
  for (llvm::Function &function : *translated)
    if (!function.isDeclaration()) {
      function.addFnAttr("target-cpu", target.cpu);
      function.addFnAttr("target-features", target.features);
      function.addFnAttr("prefer-vector-width", std::to_string(target.vector_lanes * 32));
    }
  return std::move(translated);
}

llvm::Error optimizeForHost(llvm::Module &module, const HostTarget &target) {
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine = machineFor(target);
  if (!machine)
    return machine.takeError();
  optimize(module, **machine, LoopMemory::Moves);
  return llvm::Error::success();
}

/// The object of one kernel, from the bitcode of all, in a context of its own.
static llvm::Expected<llvm::SmallVector<char, 0>>
generateHostObject(llvm::MemoryBufferRef bitcode, const std::string &kernel, const HostTarget &target) {
  llvm::LLVMContext context;
  llvm::Expected<std::unique_ptr<llvm::Module>> module = llvm::parseBitcodeFile(bitcode, context);
  if (!module)
    return module.takeError();
  keepOnly(**module, kernel);
  if (llvm::Error error = optimizeForHost(**module, target))
    return std::move(error);
  return generateHostCode(**module, target, /*assembly=*/false);
}

llvm::Expected<std::vector<llvm::SmallVector<char, 0>>>
generateHostObjects(llvm::Module &module, llvm::ArrayRef<std::string> kernels, const HostTarget &target) {
  llvm::SmallVector<char, 0> bitcode;
  llvm::raw_svector_ostream stream(bitcode);
  llvm::WriteBitcodeToFile(module, stream);
  llvm::MemoryBufferRef all(llvm::StringRef(bitcode.data(), bitcode.size()), "kernels");
  // The longest kernels first, so that none of them is what the others' threads wait for.
  std::vector<size_t> order(kernels.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::stable_sort(order, [&](size_t a, size_t b) {
    return module.getFunction(kernels[a])->getInstructionCount() >
           module.getFunction(kernels[b])->getInstructionCount();
  });
  std::vector<llvm::SmallVector<char, 0>> objects(kernels.size());
  std::vector<std::string> errors(kernels.size());
  parallelFor(kernels.size(), defaultThreadCount(), [&](int64_t item) {
    size_t which = order[item];
    llvm::Expected<llvm::SmallVector<char, 0>> object = generateHostObject(all, kernels[which], target);
    if (object)
      objects[which] = std::move(*object);
    else
      errors[which] = toString(object.takeError());
  });
  for (const std::string &error : errors)
    if (!error.empty())
      return llvm::createStringError(error);
  return std::move(objects);
}

llvm::Expected<llvm::SmallVector<char, 0>> generateHostCode(llvm::Module &module, const HostTarget &target,
                                                            bool assembly) {
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine = machineFor(target);
  if (!machine)
    return machine.takeError();
  llvm::SmallVector<char, 0> code;
  llvm::raw_svector_ostream stream(code);
  llvm::legacy::PassManager passes;
  auto type = assembly ? llvm::CodeGenFileType::AssemblyFile : llvm::CodeGenFileType::ObjectFile;
  if ((*machine)->addPassesToEmitFile(passes, stream, nullptr, type, /*DisableVerify=*/true))
    return llvm::createStringError("the code generator for " + target.triple + " can't write this kind of file");
  passes.run(module);
  return std::move(code);
}

} // namespace lighthouse
