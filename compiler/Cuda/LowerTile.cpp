// SPDX-License-Identifier: Apache-2.0
//
// lighthouse-lower-tile-to-llvm: a function of the LLVM dialect for each tile.kernel.
#include "compiler/Cuda/Lowering.h"
#include "compiler/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace lighthouse {
#define GEN_PASS_DEF_LOWERTILETOLLVM
#include "compiler/Passes.h.inc"
namespace {

using namespace cuda;

constexpr llvm::StringLiteral kSharedMemory = "lighthouse_shared";
constexpr int64_t kPanelAlignment = 1024; ///< of tiles of panels
constexpr int64_t kTensorMapBytes = 128, kTensorMapAlignment = 64;

/// The block's shared memory: its size is given at the launch.
LLVM::GlobalOp sharedMemory(ModuleOp module) {
  if (auto global = module.lookupSymbol<LLVM::GlobalOp>(kSharedMemory))
    return global;
  OpBuilder b(module.getBodyRegion());
  Type type = LLVM::LLVMArrayType::get(b.getI8Type(), 0);
  return LLVM::GlobalOp::create(b, module.getLoc(), type, /*isConstant=*/false, LLVM::Linkage::External, kSharedMemory,
                                Attribute(), kPanelAlignment, kShared);
}

class KernelLowering {
public:
  explicit KernelLowering(tile::KernelOp kernel) : kernel(kernel), b(kernel), lowering(b, kernel.getLoc()) {}

  LogicalResult run() {
    makeFunction();
    bindViews();
    int64_t bytes = placeShared();
    if (kernel.getProgrammatic())
      followLaunch();
    if (failed(lowering.lower(kernel.getBody().front())))
      return failure();
    LLVM::ReturnOp::create(b, kernel.getLoc(), ValueRange());
    auto set = [&](StringRef name, int64_t value) { function->setAttr(name, b.getI64IntegerAttr(value)); };
    set(kItemsAttr, kernel.getBlocks());
    set(kThreadsAttr, kernel.getThreads());
    set(kMinBlocksAttr, kernel.getMinBlocks());
    set(kSharedBytesAttr, bytes);
    kernel.erase();
    return success();
  }

private:
  /// One argument a view, for a strided one its strides, and for a varlen one its rows.
  void makeFunction() {
    SmallVector<Type> types;
    for (BlockArgument view : kernel.getViews()) {
      auto type = cast<tile::ViewType>(view.getType());
      types.push_back(LLVM::LLVMPointerType::get(b.getContext(), kGlobal));
      if (type.getStrided())
        types.append(type.getRank() - 1, b.getI64Type());
      if (type.getVarlen())
        types.push_back(b.getI64Type());
    }
    std::map<TensorMapKey, unsigned> arguments;
    kernel.walk([&](Operation *op) {
      if (auto fetch = dyn_cast<tile::FetchOp>(op))
        arguments[TensorMapKey::of(fetch.getView(), fetch.getRing().getType().getTile())];
      if (auto send = dyn_cast<tile::SendOp>(op))
        arguments[TensorMapKey::of(send.getView(), send.getSource().getType())];
    });
    for (auto &[key, argument] : arguments) {
      argument = types.size();
      types.push_back(LLVM::LLVMPointerType::get(b.getContext()));
    }
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()), types);
    std::string name = kernel.getSymName().str();
    SymbolTable::setSymbolName(kernel, (name + ".tile"));
    function = LLVM::LLVMFuncOp::create(b, kernel.getLoc(), name, type, LLVM::Linkage::External, /*dsoLocal=*/false,
                                        LLVM::CConv::PTX_Kernel);
    b.setInsertionPointToStart(function.addEntryBlock(b));
    Type map = LLVM::LLVMArrayType::get(b.getI8Type(), kTensorMapBytes);
    SmallVector<Attribute> described;
    for (auto &[key, argument] : arguments) {
      function.setArgAttr(argument, LLVM::LLVMDialect::getByValAttrName(), TypeAttr::get(map));
      function.setArgAttr(argument, LLVM::LLVMDialect::getAlignAttrName(), b.getI64IntegerAttr(kTensorMapAlignment));
      lowering.maps[key] = function.getArgument(argument);
      auto number = [&](StringRef field, int64_t value) { return b.getNamedAttr(field, b.getI64IntegerAttr(value)); };
      SmallVector<NamedAttribute> fields = {number("view", key.view), number("rows", key.rows),
                                            number("columns", key.columns), number("swizzle", key.flat ? 0 : 128)};
      if (key.flat)
        fields.push_back(b.getNamedAttr("flat", b.getUnitAttr()));
      described.push_back(b.getDictionaryAttr(fields));
    }
    llvm::SetVector<int64_t> zeroed;
    kernel.walk([&](tile::SendOp send) {
      if (send.getAdd())
        zeroed.insert(cast<BlockArgument>(send.getView()).getArgNumber());
    });
    if (!zeroed.empty())
      function->setAttr(kZeroedAttr, b.getDenseI64ArrayAttr(zeroed.getArrayRef()));
    if (!described.empty())
      function->setAttr(kTensorMapsAttr, b.getArrayAttr(described));
  }

  void bindViews() {
    unsigned argument = 0;
    for (BlockArgument view : kernel.getViews()) {
      auto type = cast<tile::ViewType>(view.getType());
      ViewMemory memory{function.getArgument(argument++), {}};
      int64_t step = 1;
      for (int64_t dim = type.getRank() - 1; dim > 0; --dim) {
        step *= type.getShape()[dim];
        memory.strides.insert(memory.strides.begin(), type.getStrided()
                                                          ? Value(function.getArgument(argument + dim - 1))
                                                          : lowering.s.constant64(step));
      }
      if (type.getStrided())
        argument += type.getRank() - 1;
      if (type.getVarlen())
        memory.rows = LLVM::TruncOp::create(b, kernel.getLoc(), b.getI32Type(), function.getArgument(argument++));
      lowering.views[view] = std::move(memory);
    }
  }

  /// Waits until the launch before has ended and its writes can be seen, and lets the blocks of the next one come.
  void followLaunch() {
    for (const char *text : {"griddepcontrol.wait;", "griddepcontrol.launch_dependents;"})
      lowering.s.inlineAsm({}, {}, text, "~{memory}", true);
    function->setAttr(kProgrammaticAttr, b.getUnitAttr());
  }

  /// Places one after another, and what scans need; gives the bytes of all.
  int64_t placeShared() {
    int64_t bytes = 0, scratch = 0;
    Value base;
    auto here = [&] {
      if (!base)
        base = LLVM::AddressOfOp::create(b, kernel.getLoc(), sharedMemory(kernel->getParentOfType<ModuleOp>()));
      return lowering.s.offset(base, bytes);
    };
    auto place = [&](tile::SharedType type, int64_t count) {
      bytes = llvm::alignTo(bytes, type.alignment());
      Value start = here();
      bytes += llvm::alignTo(count * slotBytes(type), kSharedAlignment);
      return start;
    };
    for (auto alloc : kernel.getBody().getOps<tile::AllocOp>())
      lowering.shared[alloc.getResult()] = place(alloc.getType(), 1);
    for (auto ring : kernel.getBody().getOps<tile::RingOp>())
      lowering.rings[ring.getResult()].tiles = place(ring.getType().getTile(), ring.getType().getStages());
    for (auto &[ring, memory] : lowering.rings) {
      if (Value along = ring.getDefiningOp<tile::RingOp>().getAlong()) {
        const RingMemory &other = lowering.rings.find(along)->second;
        memory = {memory.tiles, other.full, other.empty};
        continue;
      }
      for (Value *barriers : {&memory.full, &memory.empty}) {
        *barriers = here();
        bytes += cast<tile::RingType>(ring.getType()).getStages() * kBarrierBytes;
      }
    }
    kernel.walk([&](tile::ScanOp scan) { scratch = std::max(scratch, scratchBytes(scan)); });
    if (scratch)
      lowering.scratch = here();
    return bytes + scratch;
  }

  tile::KernelOp kernel;
  OpBuilder b;
  Lowering lowering;
  LLVM::LLVMFuncOp function;
};

struct LowerTileToLLVMPass : impl::LowerTileToLLVMBase<LowerTileToLLVMPass> {
  void runOnOperation() override {
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<tile::KernelOp>()))
      if (failed(KernelLowering(kernel).run()))
        return signalPassFailure();
  }
};

} // namespace
} // namespace lighthouse
