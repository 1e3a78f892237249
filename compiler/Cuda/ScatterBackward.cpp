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
        element(getElementTypeOrSelf(op.getDos())), threads(context.parameter("threads", 64)),
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

  /// Runs of different lengths go on together until the longest ends.
  Value sumOfRun(Value inside) {
    Value view = c.view(op.getDout());
    int64_t longest = pyramid.windowLength(pyramid.getNumLevels() - 1), together = std::min<int64_t>(longest, 8);
    Value zero = t.constant(tiles.type(t.b.getF32Type()), 0);
    return t.loop(0, longest, together, {zero}, [&](Value i, ValueRange carried) -> Values {
      Values rows;
      for (int64_t j = 0; j < together; ++j) {
        Value number = t.add(i, j), position = t.add(first, number);
        Value heard = t.both(t.less(number, length), t.less(position, pyramid.getSeqLen()));
        rows.push_back(t.load(tiles.type(element), view, {batch, head, position}, t.both(inside, heard)));
      }
      Value sum = carried[0];
      for (Value row : rows)
        sum = t.add(sum, t.convert(row, t.b.getF32Type()));
      return {sum};
    })[0];
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

FailureOr<Grid> scheduleRowDot(KernelContext &context) {
  TileBuilder &t = context.t;
  auto op = context.find<RowDotOp>();
  ArrayRef<int64_t> shape = shapeOf(op.getA());
  Type element = getElementTypeOrSelf(op.getA());
  int64_t threads = context.parameter("threads", 256);
  RowTiles tiles(t.b.getContext(), threads, shape[3], element, 1);
  int64_t blocks = llvm::divideCeil(shape[2], tiles.rows);
  Values at = t.delinearize(t.blockId(), {shape[0], shape[1], blocks});
  Value rows = tiles.numbers(t, t.mul(at[2], tiles.rows)), inside = t.less(rows, shape[2]);
  auto load = [&](Value tensor) {
    return t.convert(t.load(tiles.type(element), context.view(tensor), {at[0], at[1], rows}, inside), t.b.getF32Type());
  };
  Value product = t.mul(load(op.getA()), load(op.getB()));
  t.store(t.reduce(tile::Reduction::Add, product), context.view(op.getDots()), {at[0], at[1], rows}, inside);
  return Grid{shape[0] * shape[1] * blocks, threads};
}

} // namespace lighthouse::cuda
