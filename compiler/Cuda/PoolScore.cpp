// SPDX-License-Identifier: Apache-2.0
//
// Pooling and scoring in one pass over the tokens: a group of lanes has one coarsest window, all levels of which come
// from registers, so each token is read once.
#include "compiler/Cuda/Schedule.h"

using namespace mlir;

namespace lighthouse::cuda {
namespace {

/// One of q, k and v: the tokens and where their coarse rows and scores go; either of these may be null.
class Stream {
public:
  Stream(KernelContext &context, PyramidAttr pyramid, Value tokens, Value coarse, Value scores, int64_t threads)
      : t(context.t), pyramid(pyramid), factor(pyramid.getPoolingFactor()), top(pyramid.getNumLevels() - 1),
        tokens(tokens), coarse(coarse), scores(scores), type(cast<tile::ViewType>(tokens.getType())),
        tiles(t.b.getContext(), threads, type.getShape()[3], type.getElementType(), 1) {}

  bool isWanted() const { return coarse || scores; }
  int64_t blocksOfHead() const { return llvm::divideCeil(pyramid.numWindows(top), tiles.rows); }
  int64_t blocks() const { return type.getShape()[0] * type.getShape()[1] * blocksOfHead(); }

  void emit(Value block) {
    Values at = t.delinearize(block, {type.getShape()[0], type.getShape()[1], blocksOfHead()});
    batch = at[0];
    head = at[1];
    Value window = tiles.numbers(t, t.mul(at[2], tiles.rows));
    inside = t.less(window, pyramid.numWindows(top));
    emitWindow(top, window);
  }

private:
  Type f32() { return t.b.getF32Type(); }
  Type f64() { return t.b.getF64Type(); }
  RankedTensorType squareType() { return tile::tileType({tiles.rows}, f64(), tile::rowSlice(tiles.layout)); }

  /// Windows `window` of a level, one a group, and all windows inside them. Gives the sums of their rows and, when
  /// there are scores, their largest squared norms.
  Values emitWindow(int64_t level, Value window) {
    Values initial = {t.constant(tiles.type(f32()), 0)};
    if (scores)
      initial.push_back(t.constant(squareType(), 0));
    Value first = t.mul(window, factor);
    Values total;
    if (level == 1) {
      // Several tokens at once, so that their loads are under way together.
      int64_t together = std::min<int64_t>(factor, 4);
      total = t.loop(0, factor, together, initial, [&](Value i, ValueRange carried) -> Values {
        Values rows, sum(carried);
        for (int64_t j = 0; j < together; ++j)
          rows.push_back(loadToken(t.add(t.add(first, i), j)));
        for (Value row : rows)
          sum = combine(sum, measure(row));
        return sum;
      });
    } else {
      total = t.loop(0, factor, 1, initial, [&](Value i, ValueRange carried) -> Values {
        return combine(carried, emitWindow(level - 1, t.add(first, i)));
      });
    }
    store(level, window, total);
    return total;
  }

  Value loadToken(Value token) {
    Value real = t.both(inside, t.less(token, pyramid.getSeqLen()));
    return t.load(tiles.type(type.getElementType()), tokens, {batch, head, token}, real);
  }

  /// A token's row in float32, and the square of its norm. In float64 the squares of float32 values are exact.
  Values measure(Value row) {
    Values result = {t.convert(row, f32())};
    if (scores) {
      Value wide = t.convert(result[0], f64());
      result.push_back(t.reduce(tile::Reduction::Add, t.mul(wide, wide)));
    }
    return result;
  }

  Values combine(ValueRange x, ValueRange y) {
    Values result = {t.add(x[0], y[0])};
    if (scores)
      result.push_back(t.max(x[1], y[1])); // propagates NaN
    return result;
  }

  void store(int64_t level, Value window, ValueRange total) {
    Value row = t.add(window, pyramid.levelBegin(level) - pyramid.getPaddedLen());
    if (coarse) {
      Value mean = t.mul(total[0], 1.0 / pyramid.windowLength(level));
      t.store(t.convert(mean, type.getElementType()), coarse, {batch, head, row}, inside);
    }
    // The root is monotone: that of the largest square is the largest norm.
    if (scores)
      t.store(t.convert(t.sqrt(total[1]), f32()), scores, {batch, head, row}, inside);
  }

  TileBuilder &t;
  PyramidAttr pyramid;
  const int64_t factor, top;
  Value tokens, coarse, scores;
  tile::ViewType type;
  RowTiles tiles;
  Value batch, head, inside;
};

} // namespace

FailureOr<Grid> schedulePoolScore(KernelContext &context) {
  auto op = context.find<PoolOp>();
  if (op.getNumLevels() < 2)
    return op.emitOpError("expects num_levels of at least 2 to write coarse levels, but got ") << op.getNumLevels();
  TileBuilder &t = context.t;
  int64_t threads = context.parameter("threads", 128, {64, 128, 256, 512});
  auto score = context.find<ScoreOp>();
  PyramidAttr pyramid = pyramidOf(op.getPq());
  auto scoresOf = [&](bool wanted, auto get) { return score && wanted ? context.view(get()) : Value(); };
  Stream streams[] = {
      {context, pyramid, context.view(op.getQ()), context.coarseView(op.getPq()),
       scoresOf(true, [&] { return score.getSq(); }), threads},
      {context, pyramid, context.view(op.getK()), context.coarseView(op.getPk()),
       scoresOf(true, [&] { return score.getSk(); }), threads},
      {context, pyramid, context.view(op.getV()), context.coarseView(op.getPv()), Value(), threads},
  };
  // Blocks of q first, then those of k and v.
  Value block = t.blockId();
  int64_t blocks = 0;
  for (Stream &stream : streams) {
    if (!stream.isWanted())
      continue;
    Value mine = t.both(t.lessEqual(blocks, block), t.less(block, blocks + stream.blocks()));
    t.ifThen(mine, [&] { stream.emit(t.sub(block, blocks)); });
    blocks += stream.blocks();
  }
  return Grid{blocks, threads};
}

} // namespace lighthouse::cuda
