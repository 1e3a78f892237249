// SPDX-License-Identifier: Apache-2.0
//
// Tokens to their residue classes: a copy, zeros behind the last token.
#include "compiler/Cuda/Schedule.h"

using namespace mlir;

namespace lighthouse::cuda {
namespace {

class DilateSchedule {
public:
  DilateSchedule(KernelContext &context, DilateOp op)
      : c(context), t(context.t), dilation(op.getDilation()), length(t.rows(context.view(op.getQ()))),
        element(getElementTypeOrSelf(op.getQ())), threads(context.parameter("threads", 256, {64, 128, 256, 512})),
        tiles(t.b.getContext(), threads, shapeOf(op.getQ())[3], element,
              context.parameter("rows_per_group", 2, {1, 2, 4})) {}

  /// Blocks for one tensor.
  int64_t blocksOf(Value to) const {
    ArrayRef<int64_t> shape = shapeOf(to);
    return shape[0] * shape[1] * llvm::divideCeil(shape[2], tiles.rows);
  }

  void copy(Value block, Value from, Value to) {
    ArrayRef<int64_t> shape = shapeOf(to);
    int64_t blocksOfHead = llvm::divideCeil(shape[2], tiles.rows);
    Values at = t.delinearize(block, {shape[0], shape[1], blocksOfHead});
    Values of = t.delinearize(at[0], {shape[0] / dilation, dilation}); // batch entry, residue class
    Value row = tiles.numbers(t, t.mul(at[2], tiles.rows)), inside = t.less(row, shape[2]);
    Value token = t.add(t.mul(row, dilation), of[1]);
    Value rows = t.load(tiles.type(element), c.view(from), {of[0], at[1], token}, t.less(token, length));
    t.store(rows, c.view(to), {at[0], at[1], row}, inside);
  }

  int64_t threadsOfBlock() const { return threads; }

private:
  KernelContext &c;
  TileBuilder &t;
  int64_t dilation;
  const Operand length; ///< tokens
  Type element;
  int64_t threads;
  RowTiles tiles;
};

} // namespace

FailureOr<Grid> scheduleDilate(KernelContext &context) {
  auto op = context.find<DilateOp>();
  DilateSchedule schedule(context, op);
  TileBuilder &t = context.t;
  // Blocks of q first, then those of k and v.
  Value block = t.blockId();
  int64_t blocks = 0;
  for (auto [from, to] : llvm::zip_equal(op.getOperands(), op.getResults())) {
    if (!context.view(to))
      continue;
    int64_t count = schedule.blocksOf(to);
    Value mine = t.both(t.lessEqual(blocks, block), t.less(block, blocks + count));
    t.ifThen(mine, [&] { schedule.copy(t.sub(block, blocks), from, to); });
    blocks += count;
  }
  return Grid{blocks, schedule.threadsOfBlock()};
}

} // namespace lighthouse::cuda
