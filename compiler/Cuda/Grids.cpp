// SPDX-License-Identifier: Apache-2.0
//
// setGrids: see Grids.h.
#include "compiler/Cuda/Grids.h"

#include "compiler/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace lighthouse {

/// Sets a map's field from the dictionary's entry of that name.
static llvm::Error readField(DictionaryAttr dictionary, StringRef name, int64_t &field) {
  auto number = dictionary ? dictionary.getAs<IntegerAttr>(name) : IntegerAttr();
  if (!number)
    return llvm::createStringError("expects dictionaries of i64 with view, rows, columns and swizzle, but got one "
                                   "without " +
                                   name);
  field = number.getInt();
  return llvm::Error::success();
}

static llvm::Expected<std::vector<TensorMap>> tensorMapsOf(LLVM::LLVMFuncOp kernel) {
  std::vector<TensorMap> maps;
  auto written = kernel->getAttrOfType<ArrayAttr>(kTensorMapsAttr);
  for (Attribute each : written ? written.getValue() : ArrayRef<Attribute>()) {
    TensorMap &map = maps.emplace_back();
    map.flat = isa<DictionaryAttr>(each) && cast<DictionaryAttr>(each).contains("flat");
    for (auto [name, field] : {std::pair("view", &map.buffer), std::pair("rows", &map.box_rows),
                               std::pair("columns", &map.box_columns), std::pair("swizzle", &map.swizzle)})
      if (llvm::Error error = readField(dyn_cast<DictionaryAttr>(each), name, *field))
        return llvm::createStringError(kTensorMapsAttr + " of kernel " + kernel.getName() + " " +
                                       llvm::toString(std::move(error)));
  }
  return maps;
}

llvm::Error setGrid(Launch &launch, ModuleOp module) {
  auto kernel = module.lookupSymbol<LLVM::LLVMFuncOp>(launch.kernel);
  if (!kernel)
    return llvm::createStringError("the lowering made no kernel %s", launch.kernel.c_str());
  auto get = [&](StringRef name) { return kernel->getAttrOfType<IntegerAttr>(name).getInt(); };
  launch.items = get(kItemsAttr);
  launch.threads = get(kThreadsAttr);
  launch.shared_bytes = get(kSharedBytesAttr);
  llvm::Expected<std::vector<TensorMap>> maps = tensorMapsOf(kernel);
  if (!maps)
    return maps.takeError();
  launch.maps = std::move(*maps);
  if (auto zeroed = kernel->getAttrOfType<DenseI64ArrayAttr>(kZeroedAttr))
    launch.zeroed.assign(zeroed.asArrayRef().begin(), zeroed.asArrayRef().end());
  launch.programmatic = kernel->hasAttr(kProgrammaticAttr);
  return llvm::Error::success();
}

llvm::Error setGrids(std::vector<LaunchPlan> &plans, ModuleOp module) {
  for (LaunchPlan &plan : plans)
    for (Launch &launch : plan.launches)
      if (llvm::Error error = setGrid(launch, module))
        return error;
  return llvm::Error::success();
}

} // namespace lighthouse
