// SPDX-License-Identifier: Apache-2.0
//
// Rows of the sub-sequence back to tokens: each token looks up the at most one row a level that it sums. Forward the
// outputs of the entries it may hear, backward the gradients of the windows that cover it.
#include "compiler/Cuda/Schedule.h"

using namespace mlir;

namespace lighthouse::cuda {
namespace {

/// A sum over levels for the tokens of one tensor. Token t reads window (t - shift) / c of each level, where shift is
/// c - 1 if the row is `heard` from its last token on, else 0. A group of lanes has p tokens that read the same window
/// of every level but the finest: those from p u + shift on, shift = p - 1 or 0.
class Lookup {
public:
  Lookup(KernelContext &context, PyramidAttr pyramid, Value slots, Value rows, Value tokens, int64_t threads,
         bool heard)
      : t(context.t), pyramid(pyramid), slots(slots), rows(rows), tokens(tokens),
        rowType(cast<tile::ViewType>(rows.getType())), tokenType(cast<tile::ViewType>(tokens.getType())),
        tiles(t.b.getContext(), threads, tokenType.getShape()[3], tokenType.getElementType(), 1),
        group(rowType.getShape()[1] / tokenType.getShape()[1]), factor(pyramid.getPoolingFactor()), heard(heard) {}

  int64_t runs() const { return llvm::divideCeil(tokenType.getShape()[2], factor) + (heard ? 1 : 0); }
  int64_t blocksOfHead() const { return llvm::divideCeil(runs(), tiles.rows); }
  int64_t blocks() const { return tokenType.getShape()[0] * tokenType.getShape()[1] * blocksOfHead(); }

  /// The block's tokens. A row counts for 1 or, `mean`, for 1 / c.
  void emit(Value block, bool mean) {
    Values at = t.delinearize(block, {tokenType.getShape()[0], tokenType.getShape()[1], blocksOfHead()});
    batch = at[0];
    head = at[1];
    weighted = mean;
    Value run = tiles.numbers(t, t.mul(at[2], tiles.rows));
    if (heard)
      run = t.sub(run, 1);
    Value first = t.mul(run, factor);
    Value coarse = sumOfHeads(
        [&](Value rowHead, Value sum) {
          for (int64_t level = 1; level < pyramid.getNumLevels(); ++level) {
            // In units of p tokens: shift / p is a whole number less one, of which the run's own p - 1 is a part.
            int64_t length = pyramid.windowLength(level) / factor;
            sum = addRow(level, rowHead, windowOf(run, length), sum);
          }
          return sum;
        },
        t.constant(tiles.type(t.b.getF32Type()), 0));
    // A few tokens at once, so that their loads are under way together.
    int64_t together = std::min<int64_t>(factor, 4);
    t.loop(0, factor, together, [&](Value i) {
      for (int64_t j = 0; j < together; ++j)
        emitToken(t.add(t.add(t.add(first, i), j), heard ? factor - 1 : 0), coarse);
    });
  }

private:
  /// What a window's number and whether it exists depend on.
  struct Window {
    Value number, exists;
  };

  /// The window of a level, p * length tokens, that run u reads.
  Window windowOf(Value run, int64_t length) {
    if (!heard)
      return {t.div(run, length), Value()};
    Value first = length > 1 ? t.sub(run, length - 1) : run;
    return {t.div(first, length), t.lessEqual(0, first)};
  }

  Value sumOfHeads(function_ref<Value(Value, Value)> ofHead, Value sum) {
    if (group == 1)
      return ofHead(head, sum);
    Value first = t.mul(head, group);
    return t.loop(first, t.add(first, group), 1, {sum},
                  [&](Value each, ValueRange carried) -> Values { return {ofHead(each, carried[0])}; })[0];
  }

  Value addRow(int64_t level, Value rowHead, Window window, Value sum) {
    Value inside = t.both(window.exists, t.less(window.number, pyramid.numWindows(level)));
    Value entry = t.add(window.number, pyramid.levelBegin(level));
    Value slot = t.load(entry.getType(), slots, {batch, rowHead, entry}, inside);
    Value selected = t.both(inside, t.lessEqual(0, slot));
    Value row = t.load(tiles.type(rowType.getElementType()), rows, {batch, rowHead, slot}, selected);
    row = t.convert(row, t.b.getF32Type());
    return weighted && level > 0 ? t.fma(row, 1.0 / pyramid.windowLength(level), sum) : t.add(sum, row);
  }

  void emitToken(Value token, Value coarse) {
    Value inside = t.less(token, t.rows(tokens));
    if (heard)
      inside = t.both(inside, t.lessEqual(0, token));
    Value sum = sumOfHeads([&](Value rowHead, Value s) { return addRow(0, rowHead, {token, inside}, s); }, coarse);
    t.store(t.convert(sum, tokenType.getElementType()), tokens, {batch, head, token}, inside);
  }

  TileBuilder &t;
  PyramidAttr pyramid;
  Value slots, rows, tokens;
  tile::ViewType rowType, tokenType;
  RowTiles tiles;
  int64_t group; ///< heads of rows for one of tokens
  const int64_t factor;
  const bool heard;
  bool weighted = false;
  Value batch, head;
};

} // namespace

FailureOr<Grid> scheduleScatter(KernelContext &context) {
  auto op = context.find<ScatterOp>();
  if (!op.getInverse())
    return op.emitOpError("expects an inverse selection (lighthouse-invert-selections makes it)");
  int64_t threads = context.parameter("threads", 256, {64, 128, 256, 512});
  Lookup lookup(context, pyramidOf(op.getIndices()), context.view(op.getIndices()), context.view(op.getOs()),
                context.view(op.getOut()), threads, /*heard=*/true);
  lookup.emit(context.t.blockId(), /*mean=*/false);
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
  int64_t threads = context.parameter("threads", 256, {64, 128, 256, 512});
  Value block = t.blockId(), slots = context.view(gather.getIndices());
  PyramidAttr pyramid = pyramidOf(pool.getDpq());
  // Blocks of dq first, then those of dk and dv.
  int64_t blocks = 0;
  Value rows[] = {gather.getDqs(), gather.getDks(), gather.getDvs()},
        tokens[] = {pool.getDq(), pool.getDk(), pool.getDv()};
  for (int i = 0; i < 3; ++i) {
    if (!context.view(tokens[i]))
      continue;
    Lookup lookup(context, pyramid, slots, context.view(rows[i]), context.view(tokens[i]), threads, /*heard=*/false);
    Value mine = t.both(t.lessEqual(blocks, block), t.less(block, blocks + lookup.blocks()));
    t.ifThen(mine, [&] { lookup.emit(t.sub(block, blocks), /*mean=*/true); });
    blocks += lookup.blocks();
  }
  return Grid{blocks, threads};
}

} // namespace lighthouse::cuda
