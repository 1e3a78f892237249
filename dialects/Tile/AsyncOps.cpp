// SPDX-License-Identifier: Apache-2.0
//
// What the words of programs with roles expect: of their operands, and of what is under way around them.
#include "dialects/Tile/Tile.h"

#include "mlir/IR/Builders.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace lighthouse::tile {

/// Threads of the role that an op is in; 0 outside.
static int64_t roleOf(Operation *op) {
  for (Region *region = op->getParentRegion(); region; region = region->getParentRegion())
    if (auto roles = dyn_cast<RolesOp>(region->getParentOp()))
      return roles.getThreads()[region->getRegionNumber()];
  return 0;
}

static LogicalResult expectWarpgroups(Operation *op) {
  int64_t threads = roleOf(op);
  if (threads >= 128)
    return success();
  return op->emitOpError("expects a role of warpgroups, but got ")
         << (threads ? "a role of one thread" : "no role around it");
}

//===-- Roles ------------------------------------------------------------===//

/// Words that all of the block's threads meet in or share, and, of one thread, tiles. `alone`: there is no other role.
static LogicalResult verifyBody(Region &body, int64_t threads, bool alone) {
  WalkResult walked = body.walk([&](Operation *op) {
    bool forOne = alone && threads == 128 && isa<BarrierOp, CopyOp>(op);
    if (isa<BarrierOp, ScanOp, AnyOp, FillOp, CopyOp>(op) && !forOne) {
      op->emitOpError("expects all of the block's threads, but got a role around it");
      return WalkResult::interrupt();
    }
    for (Type type : llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes()))
      if (threads == 1 && isa<RankedTensorType>(type)) {
        op->emitOpError("expects no register tiles in a role of one thread, but got ") << type;
        return WalkResult::interrupt();
      }
    return WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

LogicalResult RolesOp::verifyRegions() {
  auto kernel = dyn_cast<KernelOp>((*this)->getParentOp());
  if (!kernel)
    return emitOpError("expects to be at the top of a tile.kernel");
  if (*kernel.getBody().getOps<RolesOp>().begin() != *this)
    return emitOpError("expects to be the only one of its kernel");
  if (getThreads().size() != getBodies().size() || getRegisters().size() != getBodies().size())
    return emitOpError("expects threads and registers of ")
           << getBodies().size() << " roles, but got " << getThreads().size() << " and " << getRegisters().size();
  int64_t warpgroups = 0, registers = 0;
  for (auto [threads, each, body] : llvm::zip_equal(getThreads(), getRegisters(), getBodies())) {
    if (threads != 1 && (threads < 128 || threads % 128 != 0))
      return emitOpError("expects roles of 1 thread or a multiple of 128, but got ") << threads;
    if (each < 24 || each > 240 || each % 8 != 0)
      return emitOpError("expects registers from 24 to 240 in steps of 8, but got ") << each;
    if (body.getNumArguments() != 1 || !body.getArgument(0).getType().isInteger(32))
      return emitOpError("expects each role's region to have one argument of type i32");
    warpgroups += warpgroupsOf(threads);
    registers += warpgroupsOf(threads) * 128 * each;
  }
  if (warpgroups * 128 != static_cast<int64_t>(kernel.getThreads()))
    return emitOpError("expects roles of the kernel's ")
           << kernel.getThreads() << " threads, but got " << warpgroups * 128;
  // More than the block begins with, one role would wait for forever.
  int64_t most = registersAtEntry(kernel.getThreads()) * kernel.getThreads();
  if (registers > most)
    return emitOpError("expects at most ")
           << most << " registers together, as the block begins with, but got " << registers;
  for (auto [each, body] : llvm::zip_equal(getThreads(), getBodies()))
    if (failed(verifyBody(body, each, getBodies().size() == 1)) || failed(verifyFlights(body.front())))
      return failure();
  return success();
}

static LogicalResult verifyBarrier(Operation *op, int64_t threads) {
  if (threads < 128 || threads > 1024 || threads % 128 != 0)
    return op->emitOpError("expects threads to be a multiple of 128 from 128 to 1024, but got ") << threads;
  return expectWarpgroups(op);
}

LogicalResult MeetOp::verify() { return verifyBarrier(*this, getThreads()); }
LogicalResult SignalOp::verify() { return verifyBarrier(*this, getThreads()); }

//===-- Rings ------------------------------------------------------------===//

LogicalResult RingOp::verify() {
  if (!isa<KernelOp>((*this)->getParentOp()))
    return emitOpError("expects to be at the top of a tile.kernel");
  if (getReaders() < 1 || getReaders() > 7)
    return emitOpError("expects 1 to 7 readers, but got ") << getReaders();
  if (!getAlong())
    return success();
  if (getAlong().getType().getStages() != getType().getStages())
    return emitOpError("expects as many stages as the ring that it goes along with, ")
           << getAlong().getType().getStages() << ", but got " << getType().getStages();
  if (auto other = getAlong().getDefiningOp<RingOp>(); !other || other.getAlong() || other.getReaders() != getReaders())
    return emitOpError("expects to go along with a ring that has barriers and the same readers");
  return success();
}

/// A tensor copy between a tile and rows of a view.
static LogicalResult verifyTensorCopy(Operation *op, ViewType view, ValueRange at, SharedType tile) {
  if (view.getElementType() != tile.getElementType())
    return op->emitOpError("expects elements of one type, but got ") << view << " and " << tile;
  int64_t coordinates = at.size(), least = view.getRank() - tile.getRank() + 1;
  bool withColumn = isa<SendOp>(op) && coordinates == view.getRank();
  if (view.getRank() < 2 || !(coordinates == least || withColumn))
    return op->emitOpError("expects a view of two dimensions or more and ")
           << least << " coordinates, but got " << view << " and " << coordinates;
  if (tile.getShape()[0] > 256)
    return op->emitOpError("expects tiles of at most 256 rows, but got ") << tile;
  if (tile.getRank() == 1 && view.getStrided())
    return op->emitOpError("expects a view that is one run of elements, but got ") << view;
  if (tile.getRank() == 2 && !withColumn && tile.getShape()[1] < view.getShape().back())
    return op->emitOpError("expects a tile that has the view's ")
           << view.getShape().back() << " columns, but got " << tile;
  return success();
}

LogicalResult FetchOp::verify() {
  if (int64_t threads = roleOf(*this); threads != 1)
    return emitOpError("expects a role of one thread, but got ")
           << (threads ? "one of " + std::to_string(threads) : "no role around it");
  return verifyTensorCopy(*this, getView().getType(), getAt(), getRing().getType().getTile());
}

LogicalResult ReceiveOp::verify() { return expectWarpgroups(*this); }
LogicalResult ReleaseOp::verify() {
  if (auto ring = getRing().getDefiningOp<RingOp>(); ring && ring.getAlong())
    return emitOpError("expects a ring that has barriers, but got one that goes along with another");
  return expectWarpgroups(*this);
}

LogicalResult PanelOp::verify() {
  SharedType source = getSource().getType(), result = getType();
  if (source.getPanels() && result == SharedType::get(getContext(), {source.getShape()[0], source.panelColumns()},
                                                      source.getElementType(), true))
    return success();
  return emitOpError("expects a panel of a tile of panels, but got ") << source << " and " << result;
}

//===-- Products ---------------------------------------------------------===//

LogicalResult DotAsyncOp::verify() {
  RankedTensorType result = getType().getTile();
  SharedType b = getB().getType();
  if (getAcc() && getAcc().getType() != result && getAcc().getType() != getType())
    return emitOpError("expects an accumulator of type ") << result << ", or pending, but got " << getAcc().getType();
  if (result.getEncoding() != MmaAttr::get(getContext(), 4) || result.getRank() != 2 || result.getDimSize(0) != 64)
    return emitOpError("expects a product of 64 rows and layout #tile.mma<warps = 4>, but got ") << result;
  Type element = b.getElementType();
  if (!b.getPanels() || !(element.isF16() || element.isBF16()))
    return emitOpError("expects b to be a tile of panels of f16 or bf16, but got ") << b;
  ArrayRef<int64_t> shape;
  Type aElement;
  if (auto shared = dyn_cast<SharedType>(getA().getType()); shared && shared.getPanels()) {
    shape = shared.getShape();
    aElement = shared.getElementType();
  } else if (auto tile = dyn_cast<RankedTensorType>(getA().getType());
             tile && tile.getEncoding() == result.getEncoding() && !getATransposed()) {
    shape = tile.getShape();
    aElement = tile.getElementType();
  } else {
    return emitOpError("expects a to be a tile of panels, or of the result's layout and not transposed, but got ")
           << getA().getType();
  }
  int64_t m = shape[getATransposed() ? 1 : 0], k = shape[getATransposed() ? 0 : 1];
  int64_t bk = b.getShape()[getBTransposed() ? 1 : 0], n = b.getShape()[getBTransposed() ? 0 : 1];
  if (aElement != element)
    return emitOpError("expects a and b of one element type, but got ") << getA().getType() << " and " << b;
  if (m != 64 || k != bk || n != result.getDimSize(1))
    return emitOpError("expects shapes [64, K], [K, N] and [64, N], but got [")
           << m << ", " << k << "], [" << bk << ", " << n << "] and " << result;
  if (k % 16 != 0 || n > 256)
    return emitOpError("expects K to be a multiple of 16 and N at most 256, but got ") << k << " and " << n;
  return expectWarpgroups(*this);
}

LogicalResult AwaitOp::verify() { return expectWarpgroups(*this); }
LogicalResult PublishOp::verify() { return expectWarpgroups(*this); }

//===-- Tensor copies to global memory -----------------------------------===//

LogicalResult SendOp::verify() {
  SharedType source = getSource().getType();
  if (!source.getPanels())
    return emitOpError("expects a tile of panels, but got ") << source;
  if (getAdd() && !source.getElementType().isF32())
    return emitOpError("expects to add tiles of f32, but got ") << source;
  if (failed(verifyTensorCopy(*this, getView().getType(), getAt(), source)))
    return failure();
  return expectWarpgroups(*this);
}

LogicalResult DrainOp::verify() { return expectWarpgroups(*this); }

//===-- What is under way ------------------------------------------------===//

namespace {

/// The shared tiles that a value may stand for: what `alloc` and `receive` made.
void findOrigins(Value tile, SmallVectorImpl<Value> &origins) {
  if (auto panel = tile.getDefiningOp<PanelOp>())
    return findOrigins(panel.getSource(), origins);
  if (auto alias = tile.getDefiningOp<AliasOp>())
    return findOrigins(alias.getSource(), origins);
  if (auto choose = tile.getDefiningOp<ChooseOp>()) {
    findOrigins(choose.getFirst(), origins);
    return findOrigins(choose.getSecond(), origins);
  }
  origins.push_back(tile);
}

SmallVector<Value> originsOf(Value tile) {
  SmallVector<Value> origins;
  if (isa<SharedType>(tile.getType()))
    findOrigins(tile, origins);
  return origins;
}

/// Walks a role's ops in order, with the products under way: their pending tiles, the oldest first.
class Flights {
public:
  LogicalResult check(Block &block) {
    size_t around = std::exchange(first, flying.size());
    for (Operation &op : block)
      if (failed(check(&op)))
        return failure();
    if (flying.size() > first)
      return mlir::emitError(flying.back().getLoc(), "expects an await in the same block of ops for each product");
    first = around;
    return success();
  }

private:
  LogicalResult check(Operation *op) {
    if (auto dot = dyn_cast<DotAsyncOp>(op))
      return begin(dot);
    if (auto await = dyn_cast<AwaitOp>(op))
      return end(await);
    if (auto release = dyn_cast<ReleaseOp>(op))
      return checkRelease(release);
    if (auto write = dyn_cast<WriteOp>(op))
      unpublished.insert_range(originsOf(write.getTarget()));
    if (auto copy = dyn_cast<CopyOp>(op))
      unpublished.insert_range(originsOf(copy.getTarget()));
    if (isa<PublishOp>(op))
      unpublished.clear();
    if (auto send = dyn_cast<SendOp>(op); send && isUnpublished(send.getSource()))
      return send.emitOpError("expects a publish after its tile was written");
    return checkControl(op);
  }

  LogicalResult checkControl(Operation *op) {
    bool multiplies = false;
    for (Region &region : op->getRegions())
      multiplies |= region.walk([](DotAsyncOp) { return WalkResult::interrupt(); }).wasInterrupted();
    if (multiplies && isAnyUnderWay())
      return op->emitOpError("expects products around it to be awaited, as there are some in it");
    // What a loop writes at its end it may read at its beginning.
    for (int rounds = isa<LoopLikeOpInterface>(op) ? 2 : 1; rounds > 0; --rounds)
      for (Region &region : op->getRegions())
        for (Block &block : region)
          if (failed(check(block)))
            return failure();
    if (isAnyUnderWay())
      madeInFlight.insert(op->result_begin(), op->result_end());
    return success();
  }

  bool isAnyUnderWay() const {
    return llvm::any_of(flying, [&](Value each) { return !ended.contains(each); });
  }

  bool isUnpublished(Value tile) const {
    return llvm::any_of(originsOf(tile), [&](Value origin) { return unpublished.contains(origin); });
  }

  /// A product that began in this block of ops, or the end.
  SmallVector<Value>::iterator find(Value pending) { return std::find(flying.begin() + first, flying.end(), pending); }

  LogicalResult begin(DotAsyncOp dot) {
    if (isa<RankedTensorType>(dot.getA().getType()) && madeInFlight.contains(dot.getA()))
      return dot.emitOpError("expects a of registers to be made while no product is under way");
    for (Value operand : {dot.getA(), Value(dot.getB())})
      if (isUnpublished(operand))
        return dot.emitOpError("expects a publish after its shared tile was written");
    // It goes on with the sums of one that is under way, which is not awaited itself.
    if (dot.getAcc() && isa<PendingType>(dot.getAcc().getType())) {
      auto *found = find(dot.getAcc());
      if (found == flying.end())
        return dot.emitOpError("expects to add to a product of the same block of ops that is under way");
      flying.erase(found);
    }
    flying.push_back(dot.getResult());
    return success();
  }

  LogicalResult end(AwaitOp await) {
    auto *found = find(await.getPending());
    if (found == flying.end())
      return await.emitOpError("expects a product of the same block of ops that is under way");
    // Those begun before it have ended too, and are still to be awaited for their tiles.
    ended.insert(flying.begin(), std::next(found));
    flying.erase(found);
    if (isAnyUnderWay())
      madeInFlight.insert(await.getResult());
    return success();
  }

  LogicalResult checkRelease(ReleaseOp release) {
    for (Value pending : flying) {
      auto dot = pending.getDefiningOp<DotAsyncOp>();
      if (!dot || ended.contains(pending))
        continue;
      for (Value operand : llvm::concat<Value>(originsOf(dot.getA()), originsOf(dot.getB()))) {
        auto receive = operand.getDefiningOp<ReceiveOp>();
        if (receive && receive.getRing() == release.getRing() && receive.getNumber() == release.getNumber())
          return release.emitOpError("expects no product under way that reads the tile");
      }
    }
    return success();
  }

  SmallVector<Value> flying;
  size_t first = 0; ///< of `flying` in the block of ops that is walked; those before are of blocks around it
  llvm::DenseSet<Value> ended, madeInFlight, unpublished;
};

} // namespace

LogicalResult verifyFlights(Block &block) { return Flights().check(block); }

} // namespace lighthouse::tile
