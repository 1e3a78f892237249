// SPDX-License-Identifier: Apache-2.0
//
// Tiles in memory: syntax, rules, and how shared memory is laid out.
#include "dialects/Tile/Tile.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace lighthouse::tile {

static Type parseShaped(AsmParser &parser, SmallVectorImpl<int64_t> &shape) {
  Type element;
  if (parser.parseDimensionList(shape, /*allowDynamic=*/false) || parser.parseType(element))
    return {};
  return element;
}

static void printShaped(AsmPrinter &printer, ArrayRef<int64_t> shape, Type element) {
  for (int64_t size : shape)
    printer << size << 'x';
  printer << element;
}

static LogicalResult expectRank(function_ref<InFlightDiagnostic()> emitError, ArrayRef<int64_t> shape, size_t most,
                                int64_t least) {
  if (shape.empty() || shape.size() > most)
    return emitError() << "expects 1 to " << most << " dimensions, but got " << shape.size();
  for (int64_t size : shape)
    if (size < least)
      return emitError() << "expects dimensions of at least " << least << ", but got " << size;
  return success();
}

Type ViewType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  bool strided = false, varlen = false;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess())
    return {};
  Type element = parseShaped(parser, shape);
  if (!element)
    return {};
  if (succeeded(parser.parseOptionalComma())) {
    if (parser.parseKeyword("strided"))
      return {};
    strided = true;
  }
  if (strided && succeeded(parser.parseOptionalComma())) {
    if (parser.parseKeyword("varlen"))
      return {};
    varlen = true;
  }
  if (parser.parseGreater())
    return {};
  return parser.getChecked<ViewType>(loc, parser.getContext(), ArrayRef<int64_t>(shape), element, strided, varlen);
}

void ViewType::print(AsmPrinter &printer) const {
  printer << '<';
  printShaped(printer, getShape(), getElementType());
  printer << (getStrided() ? ", strided" : "") << (getVarlen() ? ", varlen>" : ">");
}

LogicalResult ViewType::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<int64_t> shape, Type element,
                               bool strided, bool varlen) {
  if (varlen && (!strided || shape.size() != 4))
    return emitError() << "expects a varlen view to be strided and of 4 dimensions, but got " << shape.size();
  if (!element.isF32() && !element.isF16() && !element.isBF16() && !element.isInteger(32))
    return emitError() << "expects elements of f32, f16, bf16 or i32, but got " << element;
  return expectRank(emitError, shape, 4, /*least=*/0); // a tensor may be empty
}

Type SharedType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess())
    return {};
  Type element = parseShaped(parser, shape);
  if (!element)
    return {};
  bool panels = succeeded(parser.parseOptionalComma());
  if ((panels && parser.parseKeyword("panels")) || parser.parseGreater())
    return {};
  return parser.getChecked<SharedType>(loc, parser.getContext(), ArrayRef<int64_t>(shape), element, panels);
}

void SharedType::print(AsmPrinter &printer) const {
  printer << '<';
  printShaped(printer, getShape(), getElementType());
  printer << (getPanels() ? ", panels>" : ">");
}

LogicalResult SharedType::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<int64_t> shape, Type element,
                                 bool panels) {
  if (!element.isF32() && !element.isF16() && !element.isBF16() && !element.isInteger(32) && !element.isInteger(64))
    return emitError() << "expects elements of f32, f16, bf16, i32 or i64, but got " << element;
  if (failed(expectRank(emitError, shape, 2, /*least=*/1)))
    return failure();
  int64_t perChunk = kChunkBytes * 8 / element.getIntOrFloatBitWidth();
  if (shape.size() == 2 && shape[1] % perChunk != 0)
    return emitError() << "expects rows of whole chunks of " << kChunkBytes << " bytes, multiples of " << perChunk
                       << " elements, but got " << shape[1];
  if (panels && (shape.size() != 2 || shape[0] % 8 != 0 || shape[1] % (8 * perChunk) != 0))
    return emitError() << "expects panels of multiples of 8 rows and " << 8 * perChunk << " columns, but got "
                       << shape[0] << " and " << (shape.size() == 2 ? shape[1] : 1);
  return success();
}

LogicalResult RingType::verify(function_ref<InFlightDiagnostic()> emitError, int64_t stages, SharedType tile) {
  if (stages < 1 || stages > 8)
    return emitError() << "expects 1 to 8 stages, but got " << stages;
  if (tile.getRank() == 2 && !tile.getPanels())
    return emitError() << "expects tiles of panels, but got " << tile;
  return success();
}

LogicalResult PendingType::verify(function_ref<InFlightDiagnostic()> emitError, RankedTensorType tile) {
  if (tile.getElementType().isF32() && isa_and_nonnull<MmaAttr>(tile.getEncoding()))
    return success();
  return emitError() << "expects a tile of f32 and layout mma, but got " << tile;
}

int64_t SharedType::elementBytes() const { return getElementType().getIntOrFloatBitWidth() / 8; }

bool SharedType::isSwizzled() const {
  return getRank() == 2 && getShape()[1] * elementBytes() % (8 * kChunkBytes) == 0;
}

int64_t SharedType::pitch() const {
  int64_t chunks = getShape().back() * elementBytes() / kChunkBytes;
  return (isSwizzled() ? chunks : chunks | 1) * kChunkBytes;
}

int64_t SharedType::bytes() const { return getRank() == 1 ? getShape()[0] * elementBytes() : getShape()[0] * pitch(); }

} // namespace lighthouse::tile
