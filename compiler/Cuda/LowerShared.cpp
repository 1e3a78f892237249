// SPDX-License-Identifier: Apache-2.0
//
// Shared tiles: addresses in permuted rows, and moving to and from registers.
#include "compiler/Cuda/Lowering.h"

#include <map>

using namespace mlir;

namespace lighthouse::cuda {

Value Lowering::sharedAddress(tile::SharedType type, Value base, Value row, Value column) {
  int64_t bytes = type.elementBytes(), perChunk = tile::kChunkBytes / bytes;
  Value within = s.mul(s.rem(column, perChunk), bytes), chunk = s.div(column, perChunk);
  if (type.getPanels()) {
    Value place = s.bitXor(s.bitAnd(chunk, 7), s.bitAnd(row, 7)),
          panel = s.mul(s.shiftRight(chunk, 3), type.panelBytes());
    return s.offset(base, s.add(s.add(panel, s.mul(row, 128)), s.add(s.mul(place, tile::kChunkBytes), within)));
  }
  if (type.isSwizzled())
    chunk = s.bitXor(chunk, s.bitAnd(row, 7));
  return s.offset(base, s.add(s.mul(row, type.pitch()), s.add(s.mul(chunk, tile::kChunkBytes), within)));
}

MatrixAddresses::MatrixAddresses(Lowering &l, tile::SharedType type, Value base, Value row, bool columnsFirst)
    : s(l.s), type(type) {
  // Lane l gives row l % 8 of matrix l / 8.
  Value low = s.bitAnd(s.lane(), 7), matrix = s.shiftRight(s.lane(), 3);
  Value second = s.bitAnd(matrix, 1), third = s.shiftRight(matrix, 1);
  Value down = columnsFirst ? third : second, right = columnsFirst ? second : third;
  Value laneRow = s.add(s.add(s.mul(down, 8), low), row);
  first = s.offset(base, s.mul(laneRow, type.pitch()));
  place = s.mul(type.isSwizzled() ? s.bitXor(right, low) : right, tile::kChunkBytes);
}

Value MatrixAddresses::at(int64_t row, int64_t column) {
  int64_t chunk = column * type.elementBytes() / tile::kChunkBytes;
  if (!type.isSwizzled())
    return s.offset(s.offset(first, place), row * type.pitch() + chunk * tile::kChunkBytes);
  Value &low = places[chunk % 8];
  if (!low)
    low = s.offset(first, s.bitXor(place, s.constant(chunk % 8 * tile::kChunkBytes)));
  return s.offset(low, row * type.pitch() + chunk / 8 * 8 * tile::kChunkBytes);
}

Value MatrixAddresses::at(int64_t row, int64_t column, Value columns) {
  Value chunk =
      s.add(s.div(columns, tile::kChunkBytes / type.elementBytes()), column * type.elementBytes() / tile::kChunkBytes);
  Value low = type.isSwizzled() ? s.bitAnd(chunk, 7) : chunk;
  Value bytes = s.mul(low, tile::kChunkBytes);
  bytes = type.isSwizzled() ? s.bitXor(bytes, place) : s.add(bytes, place);
  if (type.isSwizzled())
    bytes = s.add(bytes, s.mul(s.bitAnd(chunk, ~int64_t(7) & 0xffffffff), tile::kChunkBytes));
  return s.offset(s.offset(first, bytes), row * type.pitch());
}

/// 16-bit tiles of layout mma: four matrices at once.
static Values readMatrices(Lowering &l, tile::ReadOp op, RankedTensorType type) {
  auto source = cast<tile::SharedType>(op.getSource().getType());
  int64_t warps = cast<tile::MmaAttr>(type.getEncoding()).getWarps();
  Value warpRow = l.s.mul(l.s.warp(), 16), zero = l.s.constant(0), base = l.shared[op.getSource()];
  Values result;
  MatrixAddresses matrices(l, source, base, op.getTransposed() ? zero : warpRow, op.getTransposed());
  for (int64_t row = 0; row < type.getDimSize(0); row += 16 * warps)
    for (int64_t column = 0; column < type.getDimSize(1); column += 16) {
      // Transposed, the warp's rows are columns in memory.
      Value address = op.getTransposed() ? matrices.at(column, row, warpRow) : matrices.at(row, column);
      result.append(l.s.loadMatrices(address, op.getTransposed()));
    }
  return result;
}

/// Whether a tile of one dimension has one element for each column of a layout.
static bool isColumns(RankedTensorType type) {
  auto slice = dyn_cast<tile::SliceAttr>(type.getEncoding());
  return slice && slice.getDim() == 0;
}

/// Calls body(first element, address) for each `width` elements of a tile of one dimension.
static void forEachNumber(Lowering &l, RankedTensorType type, Value base, int64_t bytes, int64_t width,
                          function_ref<void(int64_t, Value)> body) {
  Simt &s = l.s;
  tile::Distribution where = tile::Distribution::of(type);
  Value first = isColumns(type) ? l.threadColumn(type.getEncoding()) : l.threadRow(type.getEncoding());
  Value start = s.offset(base, s.mul(first, bytes));
  for (size_t e = 0; e < where.elements.size(); e += width) {
    auto [i, j] = where.elements[e];
    body(e, s.offset(start, (isColumns(type) ? where.columns[j] : where.rows[i]) * bytes));
  }
}

/// Half a row of a panel.
constexpr int64_t kSwappedBytes = 64;

/// Calls body(first element, address, bytes) for each run of at most 16 bytes that lies together. Where `swapped` (may
/// be null), of a tile of panels, the address is that in the other half of the panel's row.
static void forEachRun(Lowering &l, RankedTensorType type, tile::SharedType shared, Value base, Value swapped,
                       function_ref<void(int64_t, Value, int64_t)> body) {
  Simt &s = l.s;
  tile::Distribution where = tile::Distribution::of(type);
  int64_t bytes = shared.elementBytes();
  if (type.getRank() == 1) {
    int64_t width = isColumns(type) ? 2 : 1;
    return forEachNumber(l, type, base, bytes, width, [&](int64_t e, Value at) { body(e, at, width * bytes); });
  }
  int64_t width = std::min<int64_t>(where.width, tile::kChunkBytes / bytes);
  Value row = l.threadRow(type.getEncoding()), column = l.threadColumn(type.getEncoding());
  if (shared.getPanels() && isa<tile::MmaAttr>(type.getEncoding())) {
    // All of a thread's rows have the same number in their eight, so one permuted place serves for all of a chunk.
    Value start = s.offset(base, s.mul(row, 128)), place = s.bitXor(s.mul(column, bytes), s.mul(s.bitAnd(row, 7), 16));
    if (swapped)
      place = s.bitXor(place, s.select(swapped, s.constant(kSwappedBytes), s.constant(0)));
    llvm::SmallDenseMap<int64_t, Value> places;
    for (size_t e = 0; e < where.elements.size(); e += width) {
      auto [i, j] = where.elements[e];
      int64_t panel = where.columns[j] / shared.panelColumns(), byte = where.columns[j] % shared.panelColumns() * bytes;
      Value &from = places[byte];
      if (!from)
        from = s.offset(start, s.bitXor(place, s.constant(byte)));
      body(e, s.offset(from, panel * shared.panelBytes() + where.rows[i] * 128), width * bytes);
    }
    return;
  }
  for (size_t e = 0; e < where.elements.size(); e += width) {
    auto [i, j] = where.elements[e];
    body(e, l.sharedAddress(shared, base, s.add(row, where.rows[i]), s.add(column, where.columns[j])), width * bytes);
  }
}

LogicalResult Lowering::lowerRead(tile::ReadOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getType()); // or a scalar, at an index
  auto source = cast<tile::SharedType>(op.getSource().getType());
  Value base = shared[op.getSource()];
  Values result;
  if (op.getAt()) {
    for (Value index : of(op.getAt()))
      result.push_back(s.loadScalar(s.offset(base, s.mul(index, source.elementBytes())), registerType(op.getType())));
  } else if (op.getFirst()) {
    // One by one: neighbours need not lie at a multiple of 8 bytes.
    int64_t bytes = source.elementBytes();
    forEachNumber(*this, type, s.offset(base, s.mul(scalar(op.getFirst()), bytes)), bytes, 1,
                  [&](int64_t, Value at) { result.push_back(s.loadScalar(at, registerType(type))); });
  } else if (isPacked(type.getElementType()) && isa<tile::MmaAttr>(type.getEncoding())) {
    result = readMatrices(*this, op, type);
  } else {
    forEachRun(*this, type, source, base, Value(), [&](int64_t, Value address, int64_t bytes) {
      for (Value word : s.loadShared(address, bytes / 4))
        result.push_back(s.bitcast(word, registerType(type)));
    });
  }
  set(op.getResult(), std::move(result));
  return success();
}

void Lowering::lowerCount(tile::CountOp op) {
  Value base = shared[op.getTarget()];
  for (auto [i, index] : llvm::enumerate(of(op.getAt())))
    s.countShared(s.offset(base, s.mul(index, 4)), op.getMask() ? of(op.getMask())[i] : Value());
}

/// The registers of a tile of four bytes an element with the halves of each panel's rows swapped where `swapped`: in
/// layout mma two columns of eight bytes away, or 16 elements.
static Values swapHalves(Simt &s, const Values &regs, RankedTensorType type, Value swapped) {
  tile::Distribution where = tile::Distribution::of(type);
  constexpr int64_t half = kSwappedBytes / 4;
  Values result(regs.size());
  std::map<std::pair<int64_t, int64_t>, size_t> element;
  for (auto [e, at] : llvm::enumerate(where.elements))
    element[{where.rows[at.first], where.columns[at.second]}] = e;
  for (auto [e, at] : llvm::enumerate(where.elements))
    result[e] = s.select(swapped, regs[element.at({where.rows[at.first], where.columns[at.second] ^ half})], regs[e]);
  return result;
}

LogicalResult Lowering::lowerWrite(tile::WriteOp op) {
  auto type = cast<RankedTensorType>(op.getValue().getType());
  auto target = cast<tile::SharedType>(op.getTarget().getType());
  Value base = shared[op.getTarget()];
  Values regs = of(op.getValue());
  if (op.getAt()) {
    const Values &at = of(op.getAt());
    for (size_t i = 0; i < regs.size(); ++i) {
      auto write = [&] { s.storeScalar(regs[i], s.offset(base, s.mul(at[i], target.elementBytes()))); };
      if (op.getMask())
        s.ifThen(of(op.getMask())[i], write);
      else
        write();
    }
    return success();
  }
  int64_t perRegister = isPacked(type.getElementType()) ? 2 : 1;
  // Rows i and i + 1 would have the same banks: a row's two chunks of eight columns change places between them. Odd
  // rows write another eight columns at the same time.
  Value swapped;
  if (target.getPanels() && target.elementBytes() == 4 && isa<tile::MmaAttr>(type.getEncoding())) {
    swapped = s.less(s.constant(0), s.bitAnd(threadRow(type.getEncoding()), 1));
    regs = swapHalves(s, regs, type, swapped);
  }
  forEachRun(*this, type, target, base, swapped, [&](int64_t first, Value address, int64_t bytes) {
    Values words;
    for (int64_t i = 0; i < bytes / 4; ++i)
      words.push_back(s.bitcast(regs[first / perRegister + i], s.i32));
    s.storeShared(words, address);
  });
  return success();
}

} // namespace lighthouse::cuda
