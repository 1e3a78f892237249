// SPDX-License-Identifier: Apache-2.0
//
// Rows of the sub-sequence back to tokens: each token looks up the at most one row a level that it sums. Forward the
// outputs of the entries it may hear, backward the gradients of the windows that cover it.
#include "compiler/Cuda/Schedule.h"

using namespace mlir;

namespace lighthouse::cuda {
namespace {

/// A sum over levels for the tokens of one tensor.
class Lookup {
public:
  Lookup(KernelContext &context, PyramidAttr pyramid, Value slots, Value rows, Value tokens, int64_t threads,
         int64_t perGroup)
      : t(context.t), pyramid(pyramid), slots(slots), rows(rows), tokens(tokens),
        rowType(cast<tile::ViewType>(rows.getType())), tokenType(cast<tile::ViewType>(tokens.getType())),
        tiles(t.b.getContext(), threads, tokenType.getShape()[3], rowType.getElementType(), perGroup),
        group(rowType.getShape()[1] / tokenType.getShape()[1]) {}

  int64_t blocksOfHead() const { return llvm::divideCeil(tokenType.getShape()[2], tiles.rows); }
  int64_t blocks() const { return tokenType.getShape()[0] * tokenType.getShape()[1] * blocksOfHead(); }

  /// The block's tokens. Token t reads window (t - shift) / c of each level, shift = c - 1 where `heard`, else 0; its row
  /// counts for 1, or `mean`, for 1 / c.
  void emit(Value block, bool heard, bool mean) {
    ArrayRef<int64_t> shape = tokenType.getShape();
    Values at = t.delinearize(block, {shape[0], shape[1], blocksOfHead()});
    Value batch = at[0], head = at[1], token = tiles.numbers(t, t.mul(at[2], tiles.rows));
    Value inside = t.less(token, shape[2]);
    auto sumOfHead = [&](Value rowHead, Value sum) {
      for (int64_t level = 0; level < pyramid.getNumLevels(); ++level) {
        int64_t length = pyramid.windowLength(level), shift = heard ? length - 1 : 0;
        Value first = shift ? t.sub(token, shift) : token;
        Value exists = shift ? t.both(inside, t.lessEqual(0, first)) : inside;
        Value entry = t.add(t.div(first, length), pyramid.levelBegin(level));
        Value slot = t.load(token.getType(), slots, {batch, rowHead, entry}, exists);
        Value selected = t.both(exists, t.lessEqual(0, slot));
        Value row = t.load(tiles.type(rowType.getElementType()), rows, {batch, rowHead, slot}, selected);
        row = t.convert(row, t.b.getF32Type());
        sum = mean && length > 1 ? t.fma(row, 1.0 / length, sum) : t.add(sum, row);
      }
      return sum;
    };
    Value sum = t.constant(tiles.type(t.b.getF32Type()), 0);
    if (group == 1)
      sum = sumOfHead(head, sum);
    else {
      Value first = t.mul(head, group);
      sum = t.loop(first, t.add(first, group), 1, {sum}, [&](Value each, ValueRange carried) -> Values {
        return {sumOfHead(each, carried[0])};
      })[0];
    }
    t.store(t.convert(sum, tokenType.getElementType()), tokens, {batch, head, token}, inside);
  }

private:
  TileBuilder &t;
  PyramidAttr pyramid;
  Value slots, rows, tokens;
  tile::ViewType rowType, tokenType;
  RowTiles tiles;
  int64_t group; ///< heads of rows for one of tokens
};

} // namespace

FailureOr<Grid> scheduleScatter(KernelContext &context) {
  auto op = context.find<ScatterOp>();
  if (!op.getInverse())
    return op.emitOpError("expects an inverse selection (lighthouse-invert-selections makes it)");
  int64_t threads = context.parameter("threads", 256), perGroup = context.parameter("rows_per_group", 2);
  Lookup lookup(context, pyramidOf(op.getIndices()), context.view(op.getIndices()), context.view(op.getOs()),
                context.view(op.getOut()), threads, perGroup);
  lookup.emit(context.t.blockId(), /*heard=*/true, /*mean=*/false);
  return Grid{lookup.blocks(), threads};
}

FailureOr<Grid> scheduleUnpool(KernelContext &context) {
  auto gather = context.find<GatherBackwardOp>();
  auto pool = context.find<PoolBackwardOp>();
  if (!pool)
    return gather.emitOpError("expects pool_backward in its kernel, but got none");
  if (!gather.getInverse())
    return gather.emitOpError("expects an inverse selection (lighthouse-invert-selections makes it)");
  for (Value pyramid : gather->getResults())
    if (context.view(pyramid))
      return gather.emitOpError("expects its results to stay in the kernel, but got one that leaves it");
  TileBuilder &t = context.t;
  int64_t threads = context.parameter("threads", 256), perGroup = context.parameter("rows_per_group", 1);
  Value block = t.blockId(), slots = context.view(gather.getIndices());
  PyramidAttr pyramid = pyramidOf(pool.getDpq());
  // Blocks of dq first, then those of dk and dv.
  int64_t blocks = 0;
  Value rows[] = {gather.getDqs(), gather.getDks(), gather.getDvs()}, tokens[] = {pool.getDq(), pool.getDk(), pool.getDv()};
  for (int i = 0; i < 3; ++i) {
    if (!context.view(tokens[i]))
      continue;
    Lookup lookup(context, pyramid, slots, context.view(rows[i]), context.view(tokens[i]), threads, perGroup);
    Value mine = t.both(t.lessEqual(blocks, block), t.less(block, blocks + lookup.blocks()));
    t.ifThen(mine, [&] { lookup.emit(t.sub(block, blocks), /*heard=*/false, /*mean=*/true); });
    blocks += lookup.blocks();
  }
  return Grid{blocks, threads};
}

} // namespace lighthouse::cuda
