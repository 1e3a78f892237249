// SPDX-License-Identifier: Apache-2.0
//
// Layouts of register tiles: their rules, and which elements a thread holds.
#include "dialects/Tile/Tile.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace lighthouse::tile {

namespace {

using EmitError = function_ref<InFlightDiagnostic()>;

LogicalResult expectThreads(EmitError emitError, int64_t threads) {
  if (threads >= 32 && threads <= 1024 && threads % 32 == 0)
    return success();
  return emitError() << "expects threads to be a multiple of 32 from 32 to 1024, but got " << threads;
}

/// A tile has `rank` dimensions, and its sizes are multiples of `units`.
LogicalResult expectShape(EmitError emitError, StringRef layout, ArrayRef<int64_t> shape, ArrayRef<int64_t> units) {
  if (shape.size() != units.size())
    return emitError() << "expects a tile of " << units.size() << " dimensions for the layout " << layout
                       << ", but got " << shape.size();
  for (auto [dim, unit] : llvm::enumerate(units))
    if (shape[dim] <= 0 || shape[dim] % unit != 0)
      return emitError() << "expects dimension " << dim << " of a tile of layout " << layout << " to be a multiple of "
                         << unit << ", but got " << shape[dim];
  return success();
}

SmallVector<int64_t> steps(int64_t count, int64_t step) {
  SmallVector<int64_t> result;
  for (int64_t i = 0; i < count; ++i)
    result.push_back(i * step);
  return result;
}

} // namespace

LogicalResult RowsAttr::verify(EmitError emitError, int64_t threads, int64_t lanes, int64_t elements) {
  if (failed(expectThreads(emitError, threads)))
    return failure();
  if (lanes < 1 || lanes > 32 || !llvm::isPowerOf2_64(lanes))
    return emitError() << "expects lanes to be a power of two from 1 to 32, but got " << lanes;
  if (elements < 2 || elements > 16 || !llvm::isPowerOf2_64(elements))
    return emitError() << "expects elements to be a power of two from 2 to 16, but got " << elements;
  return success();
}

LogicalResult RowsAttr::verifyEncoding(ArrayRef<int64_t> shape, Type, EmitError emitError) const {
  return expectShape(emitError, "rows", shape, {getThreads() / getLanes(), getLanes() * getElements()});
}

LogicalResult MmaAttr::verify(EmitError emitError, int64_t warps) {
  if (warps >= 1 && warps <= 32)
    return success();
  return emitError() << "expects warps from 1 to 32, but got " << warps;
}

LogicalResult MmaAttr::verifyEncoding(ArrayRef<int64_t> shape, Type, EmitError emitError) const {
  return expectShape(emitError, "mma", shape, {16 * getWarps(), 8});
}

LogicalResult LinearAttr::verify(EmitError emitError, int64_t threads) { return expectThreads(emitError, threads); }

LogicalResult LinearAttr::verifyEncoding(ArrayRef<int64_t> shape, Type, EmitError emitError) const {
  return expectShape(emitError, "linear", shape, {getThreads()});
}

LogicalResult SliceAttr::verify(EmitError emitError, int64_t dim, Attribute of) {
  if (!isa_and_nonnull<RowsAttr, MmaAttr>(of))
    return emitError() << "expects a slice of a layout of two dimensions, rows or mma, but got " << of;
  if (dim != 0 && dim != 1)
    return emitError() << "expects dim to be 0 or 1, but got " << dim;
  return success();
}

LogicalResult SliceAttr::verifyEncoding(ArrayRef<int64_t> shape, Type element, EmitError emitError) const {
  if (shape.size() != 1)
    return emitError() << "expects a tile of 1 dimension for the layout slice, but got " << shape.size();
  // The other dimension is the smallest that the layout allows.
  SmallVector<int64_t, 2> whole(2, shape[0]);
  if (auto rows = dyn_cast<RowsAttr>(getOf())) {
    whole[getDim()] = getDim() == 0 ? rows.getThreads() / rows.getLanes() : rows.getLanes() * rows.getElements();
    return rows.verifyEncoding(whole, element, emitError);
  }
  auto mma = cast<MmaAttr>(getOf());
  whole[getDim()] = getDim() == 0 ? 16 * mma.getWarps() : 8;
  return mma.verifyEncoding(whole, element, emitError);
}

int64_t threadsOf(Attribute layout) {
  return llvm::TypeSwitch<Attribute, int64_t>(layout)
      .Case([](RowsAttr rows) { return rows.getThreads(); })
      .Case([](MmaAttr mma) { return mma.getWarps() * 32; })
      .Case([](LinearAttr linear) { return linear.getThreads(); })
      .Case([](SliceAttr slice) { return threadsOf(slice.getOf()); })
      .Default([](Attribute) { return 0; });
}

RowsAttr rowsLayout(MLIRContext *context, int64_t threads, int64_t columns, int64_t bits) {
  int64_t elements = kChunkBytes * 8 / bits;
  int64_t lanes = std::min<int64_t>(32, llvm::PowerOf2Ceil(llvm::divideCeil(columns, elements)));
  return RowsAttr::get(context, threads, lanes, elements);
}

int64_t paddedColumns(RowsAttr layout, int64_t columns) {
  return llvm::alignTo(columns, layout.getLanes() * layout.getElements());
}

static void placeRows(RowsAttr layout, int64_t rows, int64_t columns, Distribution &out) {
  int64_t groups = layout.getThreads() / layout.getLanes(), span = layout.getLanes() * layout.getElements();
  out.rows = steps(rows / groups, groups);
  for (int64_t first = 0; first < columns; first += span)
    for (int64_t i = 0; i < layout.getElements(); ++i)
      out.columns.push_back(first + i);
  out.width = layout.getElements();
  for (size_t i = 0; i < out.rows.size(); ++i)
    for (size_t j = 0; j < out.columns.size(); ++j)
      out.elements.emplace_back(i, j);
}

static void placeMma(MmaAttr layout, int64_t rows, int64_t columns, Distribution &out) {
  for (int64_t first = 0; first < rows; first += 16 * layout.getWarps())
    out.rows.append({first, first + 8});
  for (int64_t first = 0; first < columns; first += 8)
    out.columns.append({first, first + 1});
  out.width = 2;
  for (int64_t i = 0; i < static_cast<int64_t>(out.rows.size()); i += 2)
    for (int64_t j = 0; j < static_cast<int64_t>(out.columns.size()); j += 2)
      for (int64_t half : {0, 1})
        for (int64_t pair : {0, 1})
          out.elements.emplace_back(i + half, j + pair);
}

static void place(Attribute layout, int64_t rows, int64_t columns, Distribution &out) {
  if (auto each = dyn_cast<RowsAttr>(layout))
    return placeRows(each, rows, columns, out);
  placeMma(cast<MmaAttr>(layout), rows, columns, out);
}

/// Of a slice: one dimension of the layout, the other being the smallest that it allows.
static Distribution placeSlice(SliceAttr slice, int64_t size) {
  Distribution whole, result;
  bool byRow = slice.getDim() == 1;
  int64_t rowUnit = 16, columnUnit = 8;
  if (auto rows = dyn_cast<RowsAttr>(slice.getOf())) {
    rowUnit = rows.getThreads() / rows.getLanes();
    columnUnit = rows.getLanes() * rows.getElements();
  } else {
    rowUnit = 16 * cast<MmaAttr>(slice.getOf()).getWarps();
  }
  place(slice.getOf(), byRow ? size : rowUnit, byRow ? columnUnit : size, whole);
  result.rows = byRow ? whole.rows : SmallVector<int64_t>{0};
  result.columns = byRow ? SmallVector<int64_t>{0} : whole.columns;
  for (size_t i = 0; i < result.rows.size(); ++i)
    for (size_t j = 0; j < result.columns.size(); ++j)
      result.elements.emplace_back(i, j);
  result.width = byRow ? 1 : whole.width;
  return result;
}

Distribution Distribution::of(RankedTensorType tile) {
  Attribute layout = tile.getEncoding();
  if (auto slice = dyn_cast<SliceAttr>(layout))
    return placeSlice(slice, tile.getDimSize(0));
  Distribution result;
  if (auto linear = dyn_cast<LinearAttr>(layout)) {
    result.rows = steps(tile.getDimSize(0) / linear.getThreads(), linear.getThreads());
    result.columns = {0};
    for (size_t i = 0; i < result.rows.size(); ++i)
      result.elements.emplace_back(i, 0);
    return result;
  }
  place(layout, tile.getDimSize(0), tile.getDimSize(1), result);
  return result;
}

} // namespace lighthouse::tile
