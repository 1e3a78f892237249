// SPDX-License-Identifier: Apache-2.0
//
// SearchSpace: see SearchSpace.h.
#include "compiler/Cuda/SearchSpace.h"

#include "compiler/CompileSteps.h"
#include "compiler/Cuda/Codegen.h"
#include "compiler/Cuda/CompileSteps.h"
#include "compiler/Cuda/Grids.h"
#include "compiler/Passes.h"
#include "compiler/Pipelines.h"
#include "dialects/Tile/Tile.h"
#include "runtime/CudaTarget.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace lighthouse {

static SearchSpace spaceOf(tile::KernelOp kernel) {
  SearchSpace space;
  space.kernel = kernel.getSymName().str();
  for (NamedAttribute each : kernel->getAttrOfType<DictionaryAttr>(kParametersAttr))
    space.defaults[each.getName().str()] = cast<IntegerAttr>(each.getValue()).getInt();
  for (NamedAttribute each : kernel->getAttrOfType<DictionaryAttr>(kCandidatesAttr))
    space.candidates[each.getName().str()] = cast<DenseI64ArrayAttr>(each.getValue()).asArrayRef().vec();
  return space;
}

llvm::Expected<std::vector<SearchSpace>> cudaSearchSpaces(ModuleOp module, const CudaTarget &target) {
  auto lower = [&](OpPassManager &pm) {
    buildStagePipeline(pm);
    buildCudaFusionPipeline(pm, target);
    buildCudaTilePipeline(pm, target, /*parameters=*/true);
  };
  if (llvm::Error error = runPipeline(module, lower))
    return std::move(error);
  std::vector<SearchSpace> spaces;
  for (auto kernel : module.getOps<tile::KernelOp>())
    spaces.push_back(spaceOf(kernel));
  return spaces;
}

std::vector<Parameters> candidatesOf(const SearchSpace &space) {
  std::vector<Parameters> all = {space.defaults};
  for (const auto &[name, values] : space.candidates) {
    std::vector<Parameters> longer;
    for (const Parameters &each : all)
      for (int64_t value : values) {
        longer.push_back(each);
        longer.back()[name] = value;
      }
    all = std::move(longer);
  }
  llvm::erase(all, space.defaults);
  return all;
}

/// 32-bit registers that a thread has of a tile.
static int64_t registersOf(Type type) {
  auto tile = dyn_cast<RankedTensorType>(type);
  if (!tile || tile.getRank() != 2)
    return 0;
  int64_t elements = tile::Distribution::of(tile).elements.size();
  return elements * tile.getElementTypeBitWidth() / 32;
}

/// Registers that a thread has at least at once: what a loop carries, and the largest product inside it that starts
/// anew.
static int64_t leastRegisters(Region &region) {
  int64_t most = 0;
  region.walk([&](scf::ForOp loop) {
    int64_t carried = 0, fresh = 0;
    for (Type type : loop.getResultTypes())
      carried += registersOf(type);
    for (auto dot : loop.getBody()->getOps<tile::DotOp>())
      if (matchPattern(dot.getAcc(), m_Constant()))
        fresh = std::max(fresh, registersOf(dot.getType()));
    for (auto dot : loop.getBody()->getOps<tile::DotAsyncOp>())
      if (!dot.getAcc())
        fresh = std::max(fresh, registersOf(dot.getType().getTile()));
    most = std::max(most, carried + fresh);
  });
  return most;
}

/// Sets what a thread needs, where all have the same. Where there are roles, each gives its threads so many: tells why
/// they can't do with them, or nothing.
static std::string countRegisters(tile::KernelOp kernel, BlockNeeds &needs) {
  auto roles = kernel.getBody().getOps<tile::RolesOp>();
  if (roles.empty()) {
    needs.registers = leastRegisters(kernel.getBody());
    return "";
  }
  tile::RolesOp op = *roles.begin();
  for (auto [given, body] : llvm::zip_equal(op.getRegisters(), op.getBodies()))
    if (int64_t least = leastRegisters(body); least > given)
      return llvm::formatv("expects at most {0} registers a thread of a role, but got {1}", given, least).str();
  return "";
}

/// Deletes all programs but one.
static tile::KernelOp keepOnly(ModuleOp module, StringRef name) {
  tile::KernelOp kept;
  for (auto kernel : llvm::make_early_inc_range(module.getOps<tile::KernelOp>()))
    if (kernel.getSymName() == name)
      kept = kernel;
    else
      kernel.erase();
  return kept;
}

llvm::Expected<CudaKernel> compileCudaKernel(ModuleOp module, const CudaTarget &target, const std::string &kernel,
                                             const Parameters &parameters) {
  auto fuse = [&](OpPassManager &pm) {
    buildStagePipeline(pm);
    buildCudaFusionPipeline(pm, target);
  };
  if (llvm::Error error = runPipeline(module, fuse))
    return std::move(error);
  Schedules schedules = {{kernel, parameters}};
  setSchedules(module, schedules);
  if (llvm::Error error = runPipeline(module, [&](OpPassManager &pm) { buildCudaTilePipeline(pm, target); }))
    return std::move(error);
  tile::KernelOp program = keepOnly(module, kernel);
  if (!program)
    return llvm::createStringError("expects a kernel of the module, but got %s", kernel.c_str());
  BlockNeeds needs;
  std::string misfit = countRegisters(program, needs);
  if (llvm::Error error = runPipeline(module, buildCudaLLVMPipeline))
    return std::move(error);
  CudaKernel compiled;
  compiled.launch.kernel = kernel;
  if (llvm::Error error = setGrid(compiled.launch, module))
    return std::move(error);
  needs.threads = compiled.launch.threads;
  needs.shared_bytes = compiled.launch.shared_bytes;
  compiled.misfit = misfit.empty() ? target.misfit(needs) : misfit;
  if (!compiled.misfit.empty())
    return compiled;
  auto translated = translateForCuda(module, target, kernel);
  if (!translated)
    return translated.takeError();
  auto texts = generatePtx(*translated, target);
  if (!texts)
    return texts.takeError();
  compiled.ptx = std::move(texts->front());
  return compiled;
}

} // namespace lighthouse
