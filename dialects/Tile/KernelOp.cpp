// SPDX-License-Identifier: Apache-2.0
//
// Syntax and rules of tile.kernel.
#include "dialects/Tile/Tile.h"

using namespace mlir;

namespace lighthouse::tile {

void KernelOp::print(OpAsmPrinter &p) {
  p << ' ';
  p.printSymbolName(getSymName());
  p << '(';
  llvm::interleaveComma(getViews(), p, [&](BlockArgument view) { p.printRegionArgument(view); });
  p << ") blocks " << getBlocks() << " threads " << getThreads();
  if (getMinBlocks() != 1)
    p << " min_blocks " << getMinBlocks();
  if (getProgrammatic())
    p << " programmatic";
  p.printOptionalAttrDictWithKeyword((*this)->getAttrs(),
                                     {getSymNameAttrName(), getBlocksAttrName(), getThreadsAttrName(),
                                      getMinBlocksAttrName(), getProgrammaticAttrName()});
  p << ' ';
  p.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  StringAttr name;
  SmallVector<OpAsmParser::Argument> views;
  int64_t blocks = 0, threads = 0, minBlocks = 1;
  if (parser.parseSymbolName(name, getSymNameAttrName(result.name), result.attributes) ||
      parser.parseArgumentList(views, OpAsmParser::Delimiter::Paren, /*allowType=*/true) ||
      parser.parseKeyword("blocks") || parser.parseInteger(blocks) || parser.parseKeyword("threads") ||
      parser.parseInteger(threads))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("min_blocks")) && parser.parseInteger(minBlocks))
    return failure();
  Builder &b = parser.getBuilder();
  result.addAttribute(getBlocksAttrName(result.name), b.getI64IntegerAttr(blocks));
  result.addAttribute(getThreadsAttrName(result.name), b.getI64IntegerAttr(threads));
  result.addAttribute(getMinBlocksAttrName(result.name), b.getI64IntegerAttr(minBlocks));
  if (succeeded(parser.parseOptionalKeyword("programmatic")))
    result.addAttribute(getProgrammaticAttrName(result.name), b.getUnitAttr());
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes) || parser.parseRegion(*result.addRegion(), views))
    return failure();
  if (result.regions.front()->empty())
    result.regions.front()->emplaceBlock();
  return success();
}

static LogicalResult verifyType(KernelOp kernel, Operation *op, Type type) {
  if (isa<ViewType, SharedType, RingType, PendingType>(type))
    return !op->isRegistered() || isa<TileDialect>(op->getDialect())
               ? success()
               : op->emitOpError("expects views, shared tiles, rings and what is pending in words of the tile dialect "
                                 "only, but got ")
                     << type;
  auto tile = dyn_cast<RankedTensorType>(type);
  Type element = getElementTypeOrSelf(type);
  // A register holds two neighbours of a row.
  if ((element.isF16() || element.isBF16()) && (!tile || tile.getRank() != 2))
    return op->emitOpError("expects 16-bit elements in tiles of two dimensions only, but got ") << type;
  if (!tile)
    return success();
  int64_t threads = tile.getEncoding() ? threadsOf(tile.getEncoding()) : 0;
  if (threads == 0)
    return op->emitOpError("expects tiles with a layout, but got ") << tile;
  if (op->getParentOfType<RolesOp>() && threads != 128)
    return op->emitOpError("expects layouts of a warpgroup's 128 threads, but got ") << tile << " of " << threads;
  if (!op->getParentOfType<RolesOp>() && threads != static_cast<int64_t>(kernel.getThreads()))
    return op->emitOpError("expects layouts of the kernel's ")
           << kernel.getThreads() << " threads, but got " << tile << " of " << threads;
  return success();
}

LogicalResult KernelOp::verifyRegions() {
  int64_t blocks = getBlocks(), threads = getThreads(), minBlocks = getMinBlocks();
  if (blocks < 1 || blocks > (int64_t(1) << 31) - 1)
    return emitOpError("expects 1 to 2147483647 blocks, but got ") << blocks;
  if (threads < 32 || threads > 1024 || threads % 32 != 0)
    return emitOpError("expects threads to be a multiple of 32 from 32 to 1024, but got ") << threads;
  if (minBlocks < 1 || minBlocks > 32)
    return emitOpError("expects min_blocks from 1 to 32, but got ") << minBlocks;
  for (BlockArgument view : getViews()) {
    if (!isa<ViewType>(view.getType()))
      return emitOpError("expects views as arguments, but got ") << view.getType();
    bool loaded = llvm::any_of(view.getUsers(), [](Operation *user) { return isa<LoadOp, CopyOp, FetchOp>(user); });
    bool stored = llvm::any_of(view.getUsers(), [](Operation *user) { return isa<StoreOp, FillOp, SendOp>(user); });
    if (loaded && stored)
      return emitOpError("expects a view to be loaded or stored to, not both, but got argument ")
             << view.getArgNumber() << " of type " << view.getType();
  }
  WalkResult walked = getBody().walk([&](Operation *op) {
    for (Type type : llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes()))
      if (failed(verifyType(*this, op, type)))
        return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

} // namespace lighthouse::tile
