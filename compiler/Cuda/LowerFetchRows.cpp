// SPDX-License-Identifier: Apache-2.0
//
// Rows that lie anywhere, to a tile of a ring: copies of 16 bytes, eight lanes a row of a panel. Each lane knows where
// one row of its warp lies, and tells the others.
#include "compiler/Cuda/Lowering.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace lighthouse::cuda {
namespace {

/// Rows that a warp copies at once, and lanes of a row.
constexpr int64_t kRowsAtOnce = 4, kLanes = 8;

class RowCopies {
public:
  RowCopies(Lowering &l, tile::FetchRowsOp op, Value tile)
      : l(l), s(l.s), op(op), type(op.getRing().getType().getTile()),
        columns(op.getFirst().getType().getShape().back()) {
    for (Value coordinate : op.getAt())
      at.push_back(l.scalar(coordinate));
    group = s.shiftRight(s.lane(), 3);
    Value chunk = s.bitAnd(s.lane(), kLanes - 1);
    column = s.mul(chunk, tile::kChunkBytes / type.elementBytes());
    columnBytes = s.wide(s.mul(chunk, tile::kChunkBytes));
    // Rows 0 to 3 of eight; those of 4 to 7 have their chunks 64 bytes away.
    Value row = s.add(s.mul(s.warp(), 32), group);
    Value start = s.offset(tile, s.mul(row, 128)), place = s.mul(s.bitXor(chunk, group), tile::kChunkBytes);
    to[0] = s.offset(start, place);
    to[1] = s.offset(start, s.bitXor(place, s.constant(64)));
  }

  /// Begins to copy rows `first` + 0 .. 127 of the tile, of which this thread has one number.
  void start(int64_t first, Value number) {
    Value isFirst = s.less(number, s.constant(op.getSplit()));
    Value inFirst = s.less(number, s.constant(rowsOf(op.getFirst())));
    Value isThere =
        s.both(s.less(s.constant(-1), number), s.bitOr(inFirst, s.less(s.constant(op.getSplit() - 1), number)));
    Value row = s.select(isFirst, number, s.sub(number, s.constant(op.getSplit())));
    row = s.select(isThere, row, s.constant(0));
    Value address = s.add(s.select(isFirst, baseOf(op.getFirst()), baseOf(op.getSecond())),
                          s.mul(s.wide(row), s.select(isFirst, strideOf(op.getFirst()), strideOf(op.getSecond()))));
    low = arith::TruncIOp::create(s.b, s.loc, s.i32, address);
    Value shifted = arith::ShRUIOp::create(s.b, s.loc, address, s.constant64(32));
    high = arith::TruncIOp::create(s.b, s.loc, s.i32, shifted);
    Value present = s.intrinsic("llvm.nvvm.vote.ballot.sync", s.i32, {s.constant(-1), isThere});
    presentOfGroup = arith::ShRUIOp::create(s.b, s.loc, present, group);
    int64_t left = type.getShape()[0] - first;
    for (int64_t row = 0; row < std::min<int64_t>(32, left); row += kRowsAtOnce) {
      if (left >= 128)
        copy(first, row);
      else // Warps behind the tile's end have nothing to copy.
        s.ifThen(s.less(s.mul(s.warp(), 32), s.constant(left - row)), [&] { copy(first, row); });
    }
  }

private:
  static int64_t rowsOf(Value view) {
    ArrayRef<int64_t> shape = cast<tile::ViewType>(view.getType()).getShape();
    return shape[shape.size() - 2];
  }

  /// The address of row 0, as a number.
  Value baseOf(Value view) {
    auto type = cast<tile::ViewType>(view.getType());
    return LLVM::PtrToIntOp::create(s.b, s.loc, s.i64, addressOf(l, type, l.views[view], at));
  }

  Value strideOf(Value view) {
    auto type = cast<tile::ViewType>(view.getType());
    return s.mul(l.views[view].strides[type.getRank() - 2], type.getElementType().getIntOrFloatBitWidth() / 8);
  }

  /// Rows `first` + `row` + 0 .. 3 of each warp's 32.
  void copy(int64_t first, int64_t row) {
    Value lane = s.add(group, row);
    Value start =
        s.inlineAsm({s.i64}, {s.shuffle(low, lane), s.shuffle(high, lane)}, "mov.b64 $0, {$1, $2};", "=l,r,r", false)
            .front();
    Value from = s.add(start, columnBytes);
    Value isMissing = s.less(s.bitAnd(presentOfGroup, int64_t(1) << row), s.constant(1));
    for (int64_t panel = 0; panel * type.panelColumns() < type.getShape()[1]; ++panel) {
      int64_t begin = panel * type.panelColumns();
      Value isZero = isMissing;
      if (begin + type.panelColumns() > columns)
        isZero = s.bitOr(isMissing, s.less(s.constant(columns - begin - 1), column));
      Value target = s.offset(to[row / kRowsAtOnce % 2], panel * type.panelBytes() + (first + row) * 128);
      s.inlineAsm({}, {s.sharedAddress(target), s.add(from, begin * type.elementBytes()), isZero},
                  "cp.async.cg.shared.global [$0], [$1], 16, $2;", "r,l,b,~{memory}", true);
    }
  }

  Lowering &l;
  Simt &s;
  tile::FetchRowsOp op;
  tile::SharedType type;
  int64_t columns; ///< of the views
  Values at;
  Value group; ///< this lane's row of those that are copied at once
  Value column, columnBytes, to[2];
  Value low, high,
      presentOfGroup; ///< this thread's row, as two words of its address; bit i: row i of the group's is there
};

} // namespace

void Lowering::lowerFetchRows(tile::FetchRowsOp op) {
  Slot slot = slotOf(op.getRing(), scalar(op.getNumber()));
  waitFor(s, slot.empty, s.bitXor(slot.phase, s.constant(1)));
  RowCopies copies(*this, op, slot.tile);
  int64_t rows = op.getRing().getType().getTile().getShape()[0];
  for (auto [i, number] : llvm::enumerate(of(op.getRows())))
    if (static_cast<int64_t>(i) * 128 < rows)
      copies.start(static_cast<int64_t>(i) * 128, number);
  // When this thread's copies have ended.
  s.inlineAsm({}, {s.sharedAddress(slot.full)}, "cp.async.mbarrier.arrive.noinc.shared::cta.b64 [$0];", "r,~{memory}",
              true);
}

} // namespace lighthouse::cuda
