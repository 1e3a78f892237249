// SPDX-License-Identifier: Apache-2.0
//
// What the words of a tile program expect of their operands.
#include "dialects/Tile/Tile.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace lighthouse::tile {

static RankedTensorType asTile(Type type) { return dyn_cast<RankedTensorType>(type); }
static bool hasRank(Type type, int64_t rank) {
  auto tile = asTile(type);
  return tile && tile.getRank() == rank;
}
static bool is16Bit(Type type) { return type.isF16() || type.isBF16(); }
static bool isMma(RankedTensorType tile) { return isa_and_nonnull<MmaAttr>(tile.getEncoding()); }

//===-- Registers --------------------------------------------------------===//

LogicalResult RangeOp::verify() {
  if (getType().getRank() != 1)
    return emitOpError("expects a tile of one dimension, but got ") << getType();
  return success();
}

/// `slice` has one value for each row (dim 1) or column (dim 0) of `tile`.
static LogicalResult expectSlice(Operation *op, Type slice, RankedTensorType tile, std::optional<int64_t> dim) {
  auto layout = hasRank(slice, 1) ? dyn_cast_or_null<SliceAttr>(asTile(slice).getEncoding()) : SliceAttr();
  if (!layout || tile.getRank() != 2 || layout.getOf() != tile.getEncoding() || (dim && layout.getDim() != *dim))
    return op->emitOpError("expects a slice of the layout of ") << tile << ", but got " << slice;
  int64_t size = tile.getDimSize(1 - layout.getDim());
  if (asTile(slice).getDimSize(0) != size)
    return op->emitOpError("expects a slice of ") << size << " elements for " << tile << ", but got " << slice;
  return success();
}

LogicalResult ExpandOp::verify() {
  auto result = cast<RankedTensorType>(getResult().getType());
  if (getElementTypeOrSelf(getSource()) != result.getElementType())
    return emitOpError("expects elements of ") << getElementTypeOrSelf(getSource()) << ", but got " << result;
  return expectSlice(*this, getSource().getType(), result, std::nullopt);
}

LogicalResult ColumnsOp::verify() {
  RankedTensorType source = asTile(getSource().getType()), result = asTile(getType());
  if (source.getRank() != 2 || !isMma(source) || result.getEncoding() != source.getEncoding() ||
      result.getDimSize(0) != source.getDimSize(0))
    return emitOpError("expects tiles of the same rows and layout mma, but got ") << source << " and " << result;
  int64_t first = getFirst();
  if (first < 0 || first % 8 != 0 || first + result.getDimSize(1) > source.getDimSize(1))
    return emitOpError("expects first to be a multiple of 8 and ")
           << result.getDimSize(1) << " columns from there of " << source.getDimSize(1) << ", but got " << first;
  return success();
}

LogicalResult ReduceOp::verify() {
  auto source = cast<RankedTensorType>(getSource().getType());
  if (getElementTypeOrSelf(getResult()) != source.getElementType())
    return emitOpError("expects elements of ") << source.getElementType() << ", but got " << getResult().getType();
  if (isMma(source) &&
      getResult().getType() == tileType({source.getDimSize(0), 8}, source.getElementType(), source.getEncoding()))
    return success();
  return expectSlice(*this, getResult().getType(), source, 1);
}

LogicalResult ScanOp::verify() {
  if (!isa_and_nonnull<LinearAttr>(asTile(getSource().getType()).getEncoding()))
    return emitOpError("expects a tile of layout linear, but got ") << getSource().getType();
  return success();
}

LogicalResult KeepOp::verify() {
  auto tile = cast<RankedTensorType>(getResult().getType());
  if (tile.getRank() != 2 || !isa_and_nonnull<RowsAttr, MmaAttr>(tile.getEncoding()))
    return emitOpError("expects a tile of layout rows or mma, but got ") << tile;
  return success();
}

LogicalResult DotOp::verify() {
  auto acc = cast<RankedTensorType>(getAcc().getType());
  auto b = dyn_cast<SharedType>(getB().getType());
  if (!b || b.getRank() != 2)
    return emitOpError("expects b to be a shared tile of two dimensions, but got ") << getB().getType();
  for (Type factor : {getA().getType(), getB().getType()})
    if (auto shared = dyn_cast<SharedType>(factor); shared && shared.getPanels())
      return emitOpError("expects shared tiles that are not of panels, but got ") << shared;
  if (acc.getRank() != 2 || !isMma(acc))
    return emitOpError("expects an accumulator of layout mma, but got ") << acc;
  SmallVector<int64_t> shape;
  Type element;
  if (auto shared = dyn_cast<SharedType>(getA().getType())) {
    shape.assign(shared.getShape().begin(), shared.getShape().end());
    element = shared.getElementType();
    if (getATransposed())
      std::reverse(shape.begin(), shape.end());
  } else if (auto tile = asTile(getA().getType());
             tile && tile.getEncoding() == acc.getEncoding() && !getATransposed()) {
    shape.assign(tile.getShape().begin(), tile.getShape().end());
    element = tile.getElementType();
  } else {
    return emitOpError("expects a to be a shared tile, or a tile of the accumulator's layout that is not transposed, "
                       "but got ")
           << getA().getType();
  }
  if (element != b.getElementType() || !(element.isF32() || is16Bit(element)))
    return emitOpError("expects a and b of one element type, f32, f16 or bf16, but got ")
           << element << " and " << b.getElementType();
  int64_t k = b.getShape()[getTransposed() ? 1 : 0], n = b.getShape()[getTransposed() ? 0 : 1];
  if (shape.size() != 2 || shape[0] != acc.getDimSize(0) || shape[1] != k || n != acc.getDimSize(1))
    return emitOpError("expects shapes [M, K], ") << (getTransposed() ? "[N, K]" : "[K, N]") << " and [M, N], but got "
                                                  << getA().getType() << ", " << b << " and " << acc;
  if (k % 16 != 0 || n % 16 != 0)
    return emitOpError("expects K and N to be multiples of 16, but got ") << k << " and " << n;
  return success();
}

//===-- Global memory ----------------------------------------------------===//

/// The tile coordinate, which may only be the last; null when all are scalars.
static FailureOr<RankedTensorType> tileCoordinate(Operation *op, ValueRange at) {
  for (auto [i, each] : llvm::enumerate(at))
    if (asTile(each.getType()) && i + 1 != at.size())
      return op->emitOpError("expects only the last coordinate to be a tile, but got one at ") << i;
  return at.empty() ? RankedTensorType() : asTile(at.back().getType());
}

/// Rows are read and written in chunks.
LogicalResult RowsOp::verify() {
  if (auto view = cast<ViewType>(getView().getType()); !view.getVarlen())
    return emitOpError("expects a varlen view, but got ") << view;
  return success();
}

static LogicalResult expectRowsOfChunks(Operation *op, ViewType view) {
  int64_t bits = view.getShape().back() * view.getElementType().getIntOrFloatBitWidth();
  if (view.getRank() < 2 || bits % (kChunkBytes * 8) != 0)
    return op->emitOpError("expects a view whose rows are whole chunks of ")
           << kChunkBytes << " bytes, but got " << view;
  return success();
}

static LogicalResult verifyAccess(Operation *op, Type value, ViewType view, ValueRange at, Value mask) {
  if (getElementTypeOrSelf(value) != view.getElementType())
    return op->emitOpError("expects elements of the view's type, ") << view.getElementType() << ", but got " << value;
  FailureOr<RankedTensorType> where = tileCoordinate(op, at);
  if (failed(where))
    return failure();
  auto tile = asTile(value);
  int64_t missing = tile && tile.getRank() == 2 ? 1 : 0;
  if (static_cast<int64_t>(at.size()) != view.getRank() - missing)
    return op->emitOpError("expects ") << view.getRank() - missing << " coordinates for " << view << ", but got "
                                       << at.size();
  if (!tile != !*where)
    return op->emitOpError("expects a tile coordinate for a tile and none for a scalar, but got ") << value;
  if (!tile)
    return mask ? op->emitOpError("expects a mask for tiles only, but got a scalar access") : success();
  if (missing) {
    if (!isa_and_nonnull<RowsAttr, MmaAttr>(tile.getEncoding()))
      return op->emitOpError("expects a tile of layout rows or mma, but got ") << tile;
    if (failed(expectRowsOfChunks(op, view)))
      return failure();
    if (tile.getDimSize(1) < view.getShape().back())
      return op->emitOpError("expects columns for a row of ") << view << ", but got " << tile;
    if (failed(expectSlice(op, *where, tile, 1)))
      return failure();
  } else if (where->getShape() != tile.getShape() || where->getEncoding() != tile.getEncoding()) {
    return op->emitOpError("expects a coordinate for each element of ") << tile << ", but got " << *where;
  }
  if (mask && (asTile(mask.getType()).getShape() != where->getShape() ||
               asTile(mask.getType()).getEncoding() != where->getEncoding()))
    return op->emitOpError("expects a mask of the shape and layout of the coordinate, ")
           << *where << ", but got " << mask.getType();
  return success();
}

LogicalResult LoadOp::verify() {
  return verifyAccess(*this, getResult().getType(), cast<ViewType>(getView().getType()), getAt(), getMask());
}

LogicalResult StoreOp::verify() {
  return verifyAccess(*this, getValue().getType(), cast<ViewType>(getView().getType()), getAt(), getMask());
}

LogicalResult FillOp::verify() {
  auto view = cast<ViewType>(getView().getType());
  if (!view.getElementType().isInteger(32))
    return emitOpError("expects a view of i32, but got ") << view;
  if (static_cast<int64_t>(getAt().size()) != view.getRank())
    return emitOpError("expects ") << view.getRank() << " coordinates for " << view << ", but got " << getAt().size();
  int64_t count = getCount();
  if (count < 1 || count > view.getShape().back())
    return emitOpError("expects 1 to ") << view.getShape().back() << " elements, but got " << count;
  return success();
}

//===-- Shared memory ----------------------------------------------------===//

LogicalResult AllocOp::verify() {
  if (!isa<KernelOp>((*this)->getParentOp()))
    return emitOpError("expects to stand at the top of a kernel, but is inside ") << (*this)->getParentOp()->getName();
  return success();
}

LogicalResult AliasOp::verify() {
  auto source = cast<SharedType>(getSource().getType()), result = cast<SharedType>(getResult().getType());
  if (result.getPanels() && !source.getPanels())
    return emitOpError("expects a source of panels for a tile of panels, but got ") << source;
  if (result.bytes() > source.bytes())
    return emitOpError("expects at most the ") << source.bytes() << " bytes of its source, but got " << result.bytes();
  return success();
}

static LogicalResult verifyShared(Operation *op, RankedTensorType tile, SharedType shared, Value at, bool transposed) {
  if (tile.getElementType() != shared.getElementType())
    return op->emitOpError("expects elements of ") << shared.getElementType() << ", but got " << tile;
  if (at) {
    auto where = cast<RankedTensorType>(at.getType());
    if (shared.getRank() != 1 || where.getShape() != tile.getShape() || where.getEncoding() != tile.getEncoding())
      return op->emitOpError("expects an index for each element of a shared tile of one dimension, but got ")
             << where << " for " << tile << " and " << shared;
    if (shared.elementBytes() < 4)
      return op->emitOpError("expects elements of at least 32 bits for an index tile, but got ") << shared;
    return success();
  }
  if (shared.elementBytes() == 8)
    return op->emitOpError("expects an index tile for elements of 64 bits, but got none for ") << shared;
  SmallVector<int64_t> expected(shared.getShape());
  if (transposed)
    std::reverse(expected.begin(), expected.end());
  if (tile.getShape() != ArrayRef<int64_t>(expected))
    return op->emitOpError("expects the shape of the ")
           << (transposed ? "transposed " : "") << "shared tile, " << shared << ", but got " << tile;
  return success();
}

static LogicalResult verifyScalarRead(ReadOp op) {
  auto shared = cast<SharedType>(op.getSource().getType());
  if (!op.getAt() || asTile(op.getAt().getType()))
    return op.emitOpError("expects a scalar index for a scalar, but got ") << (op.getAt() ? "an index tile" : "none");
  if (shared.getRank() != 1 || shared.getElementType() != op.getType() || op.getTransposed())
    return op.emitOpError("expects a shared tile of one dimension of ") << op.getType() << ", but got " << shared;
  return success();
}

LogicalResult ReadOp::verify() {
  if (!asTile(getType()) && getFirst())
    return emitOpError("expects a tile for the elements from one on, but got ") << getType();
  if (!asTile(getType()))
    return verifyScalarRead(*this);
  if (getAt() && !asTile(getAt().getType()))
    return emitOpError("expects a scalar for a scalar index, but got ") << getType();
  auto tile = cast<RankedTensorType>(getResult().getType());
  bool byMatrices = hasRank(tile, 2) && isMma(tile) && is16Bit(tile.getElementType());
  if (getTransposed() && !byMatrices)
    return emitOpError("expects 16-bit elements and the layout mma for a transposed read, but got ") << tile;
  if (getTransposed() && getAt())
    return emitOpError("expects no index for a transposed read, but got ") << getAt().getType();
  if (auto source = getSource().getType(); byMatrices && source.getPanels())
    return emitOpError("expects a shared tile that is not of panels for 16-bit elements and the layout mma, but got ")
           << source;
  if (byMatrices && !getAt() && tile.getDimSize(1) % 16 != 0)
    return emitOpError("expects columns of 16-bit elements to be a multiple of 16 for the layout mma, but got ")
           << tile;
  auto source = cast<SharedType>(getSource().getType());
  if (getFirst()) {
    if (source.getRank() == 1 && !getAt() && hasRank(tile, 1) && tile.getElementType() == source.getElementType() &&
        source.elementBytes() == 4 && tile.getDimSize(0) <= source.getShape()[0])
      return success();
    return emitOpError("expects fewer elements of 4 bytes of a shared tile of one dimension, and no index, but got ")
           << tile << " of " << source;
  }
  return verifyShared(*this, tile, source, getAt(), getTransposed());
}

LogicalResult WriteOp::verify() {
  if (getMask() && !getAt())
    return emitOpError("expects a mask only beside an index tile, but got one without");
  auto tile = cast<RankedTensorType>(getValue().getType());
  if (getMask() && getMask().getType() != tile.clone(IntegerType::get(getContext(), 1)))
    return emitOpError("expects a mask of the shape and layout of ") << tile << ", but got " << getMask().getType();
  return verifyShared(*this, tile, cast<SharedType>(getTarget().getType()), getAt(), false);
}

LogicalResult CountOp::verify() {
  auto target = cast<SharedType>(getTarget().getType());
  if (target.getRank() != 1 || !target.getElementType().isInteger(32))
    return emitOpError("expects a shared tile of one dimension of i32, but got ") << target;
  auto at = cast<RankedTensorType>(getAt().getType());
  if (getMask() && getMask().getType() != at.clone(IntegerType::get(getContext(), 1)))
    return emitOpError("expects a mask of the shape and layout of ") << at << ", but got " << getMask().getType();
  return success();
}

LogicalResult CopyOp::verify() {
  auto view = cast<ViewType>(getView().getType());
  auto shared = cast<SharedType>(getTarget().getType());
  if (shared.getElementType() != view.getElementType())
    return emitOpError("expects elements of ") << view.getElementType() << ", but got " << shared;
  if (getStep() < 1)
    return emitOpError("expects step of at least 1, but got ") << static_cast<int64_t>(getStep());
  int64_t expected = view.getRank() - (shared.getRank() - 1), given = getAt().size();
  bool withColumn = shared.getRank() == 2 && given == view.getRank();
  if (given != expected && !withColumn)
    return emitOpError("expects ") << expected << " coordinates to copy from " << view << " to " << shared
                                   << ", but got " << getAt().size();
  if (shared.getRank() == 1)
    return shared.elementBytes() == 4
               ? success()
               : emitOpError("expects elements of 32 bits for one dimension, but got ") << shared;
  if (!withColumn && shared.getShape()[1] < view.getShape().back())
    return emitOpError("expects columns for a row of ") << view << ", but got " << shared;
  return expectRowsOfChunks(*this, view);
}

LogicalResult WaitOp::verify() {
  int64_t pending = getPending();
  if (pending < 0)
    return emitOpError("expects pending of at least 0, but got ") << pending;
  return success();
}

} // namespace lighthouse::tile

#define GET_OP_CLASSES
#include "dialects/Tile/TileOps.cpp.inc"
