// SPDX-License-Identifier: Apache-2.0
//
// Scatter's adjoint: each row sums a run of gradients; and its product with the row of os, which attention's backward
// needs.
#include "compiler/Cuda/Schedule.h"

using namespace mlir;

namespace lighthouse::cuda {
namespace {

class ScatterBackwardSchedule {
public:
  ScatterBackwardSchedule(KernelContext &context, ScatterBackwardOp op)
      : c(context), t(context.t), op(op), pyramid(pyramidOf(op.getIndices())), shape(shapeOf(op.getDos())),
        element(getElementTypeOrSelf(op.getDos())), threads(context.parameter("threads", 64, {32, 64, 128, 256})),
        tiles(t.b.getContext(), threads, shape[3], element, 1) {}

  Grid emit() {
    int64_t blocks = llvm::divideCeil(shape[2], tiles.rows);
    Values at = t.delinearize(t.blockId(), {shape[0], shape[1], blocks});
    batch = at[0];
    head = at[1];
    Value slots = tiles.numbers(t, t.mul(at[2], tiles.rows)), inside = t.less(slots, shape[2]);
    Value entry = t.load(slots.getType(), c.view(op.getIndices()), {batch, head, slots}, inside);
    findRun(entry);
    Value sum = sumOfRun(inside);
    Value dos = t.convert(sum, element);
    if (Value view = c.view(op.getDos()))
      t.store(dos, view, {batch, head, slots}, inside);
    if (auto dot = c.find<RowDotOp>()) {
      // Of the rounded row: it is what attention's backward reads.
      Value os = t.load(dos.getType(), c.view(dot.getA() == op.getDos() ? dot.getB() : dot.getA()),
                        {batch, head, slots}, inside);
      Value product = t.mul(t.convert(os, t.b.getF32Type()), t.convert(dos, t.b.getF32Type()));
      t.store(t.reduce(tile::Reduction::Add, product), c.view(dot.getDots()), {batch, head, slots}, inside);
    }
    return {shape[0] * shape[1] * blocks, threads};
  }

private:
  /// Positions `first .. first + length - 1` hear an entry: w c + c - 1 .. w c + 2 c - 2 for entry (l, w).
  void findRun(Value entry) {
    first = entry;
    length = t.constant(entry.getType(), 1);
    for (int64_t level = 1; level < pyramid.getNumLevels(); ++level) {
      int64_t c = pyramid.windowLength(level), begin = pyramid.levelBegin(level);
      Value isHere = t.lessEqual(begin, entry);
      first = t.select(isHere, t.add(t.mul(t.sub(entry, begin), c), c - 1), first);
      length = t.select(isHere, c, length);
    }
  }

  /// Runs of different lengths go on together: those of level 0 end after one position, and where the block has none of
  /// a higher level, so does the block.
  Value sumOfRun(Value inside) {
    Value sum = t.convert(loadPosition(0, inside), t.b.getF32Type());
    for (int64_t level = 1; level < pyramid.getNumLevels(); ++level) {
      int64_t begin = pyramid.windowLength(level - 1), end = pyramid.windowLength(level);
      sum = t.changeIf(t.any(t.lessEqual(end, length)), sum, [&] { return addPositions(begin, end, inside, sum); });
    }
    return sum;
  }

  /// Several positions at once, so that their loads are under way together.
  Value addPositions(int64_t begin, int64_t end, Value inside, Value sum) {
    int64_t together = std::min<int64_t>(8, begin == 1 ? end - begin : begin);
    int64_t whole = begin + (end - begin) / together * together;
    auto add = [&](Value from, int64_t count, Value total) {
      Values rows;
      for (int64_t j = 0; j < count; ++j)
        rows.push_back(loadPosition(t.add(from, j), inside));
      for (Value row : rows)
        total = t.add(total, t.convert(row, t.b.getF32Type()));
      return total;
    };
    sum = t.loop(begin, whole, together, {sum},
                 [&](Value i, ValueRange carried) -> Values { return {add(i, together, carried[0])}; })[0];
    return whole == end ? sum : add(t.i32(whole), end - whole, sum);
  }

  Value loadPosition(Operand number, Value inside) {
    Value position = t.add(first, number);
    Value heard = t.both(t.less(number, length), t.less(position, t.rows(c.view(op.getDout()))));
    return t.load(tiles.type(element), c.view(op.getDout()), {batch, head, position}, t.both(inside, heard));
  }

  KernelContext &c;
  TileBuilder &t;
  ScatterBackwardOp op;
  PyramidAttr pyramid;
  ArrayRef<int64_t> shape; ///< of dos
  Type element;
  int64_t threads;
  RowTiles tiles;
  Value batch, head, first, length;
};

} // namespace

FailureOr<Grid> scheduleScatterBackward(KernelContext &context) {
  return ScatterBackwardSchedule(context, context.find<ScatterBackwardOp>()).emit();
}

FailureOr<Grid> scheduleRound(KernelContext &context) {
  TileBuilder &t = context.t;
  auto op = context.find<RoundOp>();
  ArrayRef<int64_t> shape = shapeOf(op.getRows());
  Type element = getElementTypeOrSelf(op.getRounded());
  int64_t threads = context.parameter("threads", 256, {64, 128, 256, 512});
  RowTiles tiles(t.b.getContext(), threads, shape[3], element, 1);
  int64_t blocks = llvm::divideCeil(shape[2], tiles.rows);
  Values at = t.delinearize(t.blockId(), {shape[0], shape[1], blocks});
  Value rounded = context.view(op.getRounded()), rows = tiles.numbers(t, t.mul(at[2], tiles.rows));
  Value inside = t.less(rows, t.rows(rounded));
  Value loaded = t.load(tiles.type(t.b.getF32Type()), context.view(op.getRows()), {at[0], at[1], rows}, inside);
  t.store(t.convert(loaded, element), rounded, {at[0], at[1], rows}, inside);
  return Grid{shape[0] * shape[1] * blocks, threads};
}

FailureOr<Grid> scheduleRowDot(KernelContext &context) {
  TileBuilder &t = context.t;
  auto op = context.find<RowDotOp>();
  ArrayRef<int64_t> shape = shapeOf(op.getA());
  Type element = getElementTypeOrSelf(op.getA());
  int64_t threads = context.parameter("threads", 256, {64, 128, 256, 512});
  RowTiles tiles(t.b.getContext(), threads, shape[3], element, 1);
  int64_t blocks = llvm::divideCeil(shape[2], tiles.rows);
  Values at = t.delinearize(t.blockId(), {shape[0], shape[1], blocks});
  Value rows = tiles.numbers(t, t.mul(at[2], tiles.rows)), inside = t.less(rows, t.rows(context.view(op.getA())));
  auto load = [&](Value tensor) {
    return t.convert(t.load(tiles.type(element), context.view(tensor), {at[0], at[1], rows}, inside), t.b.getF32Type());
  };
  Value product = t.mul(load(op.getA()), load(op.getB()));
  // Behind the end zeros, which attention's backward takes for rows.
  t.store(t.reduce(tile::Reduction::Add, product), context.view(op.getDots()), {at[0], at[1], rows},
          t.less(rows, shape[2]));
  return Grid{shape[0] * shape[1] * blocks, threads};
}

} // namespace lighthouse::cuda
