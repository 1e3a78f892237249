// SPDX-License-Identifier: Apache-2.0
//
// Gathering rows of the pyramids: a copy, level 0 straight from the tokens.
#include "compiler/Cuda/Schedule.h"

using namespace mlir;

namespace lighthouse::cuda {
namespace {

class GatherSchedule {
public:
  GatherSchedule(KernelContext &context, GatherOp op)
      : c(context), t(context.t), op(op), pyramid(pyramidOf(op.getPq())), shape(shapeOf(op.getQs())),
        element(getElementTypeOrSelf(op.getQs())), threads(context.parameter("threads", 256, {64, 128, 256, 512})),
        tiles(t.b.getContext(), threads, shape[3], element, context.parameter("rows_per_group", 2, {1, 2, 4})) {}

  FailureOr<Grid> emit() {
    int64_t blocks = llvm::divideCeil(shape[2], tiles.rows);
    Values at = t.delinearize(t.blockId(), {shape[0], shape[1], blocks});
    Value batch = at[0], head = at[1], slots = tiles.numbers(t, t.mul(at[2], tiles.rows));
    Value kvHead = t.div(head, shape[1] / shapeOf(op.getPk())[1]);
    Value inside = t.less(slots, shape[2]);
    Value entry = t.load(slots.getType(), c.view(op.getIndices()), {batch, head, slots}, inside);
    Value isToken = t.less(entry, pyramid.getPaddedLen());
    Value readsCoarse = t.both(inside, t.less(pyramid.getPaddedLen() - 1, entry));
    Value row = t.sub(entry, pyramid.getPaddedLen());
    Value pyramids[] = {op.getPq(), op.getPk(), op.getPv()}, results[] = {op.getQs(), op.getKs(), op.getVs()};
    SmallVector<Value> rows(3);
    for (auto [i, each] : llvm::enumerate(pyramids)) {
      auto stack = each.getDefiningOp<StackOp>();
      if (!stack)
        return op.emitOpError("expects a pyramid to be a lighthouse.stack of its tokens and coarse levels, but got ")
               << each;
      if (!c.view(results[i]))
        continue;
      Value from = i == 0 ? head : kvHead;
      Value view = c.view(stack.getTokens()), readsToken = t.both(inside, t.less(entry, t.rows(view)));
      Value tokens = t.load(tiles.type(element), view, {batch, from, entry}, readsToken);
      Value coarse = t.load(tiles.type(element), c.view(stack.getCoarse()), {batch, from, row}, readsCoarse);
      rows[i] = t.select(t.expand(isToken, tiles.type(element)), tokens, coarse);
    }
    for (auto [i, each] : llvm::enumerate(rows))
      if (each)
        t.store(each, c.view(results[i]), {batch, head, slots}, inside);
    return Grid{shape[0] * shape[1] * blocks, threads};
  }

private:
  KernelContext &c;
  TileBuilder &t;
  GatherOp op;
  PyramidAttr pyramid;
  ArrayRef<int64_t> shape; ///< of qs
  Type element;
  int64_t threads;
  RowTiles tiles;
};

} // namespace

FailureOr<Grid> scheduleGather(KernelContext &context) {
  return GatherSchedule(context, context.find<GatherOp>()).emit();
}

} // namespace lighthouse::cuda
