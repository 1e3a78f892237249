// SPDX-License-Identifier: Apache-2.0
//
// Pooling and scoring in one pass over the tokens: a group of lanes has one coarsest window, all levels of which come
// from registers, so each token is read once.
#include "compiler/Cuda/ScoreBy.h"

#include <limits>

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

  /// Scores are those of a function; `read` are the other rows of a token that it reads, or null.
  void scoreBy(ScoreByOp op, ScoreByOp::Side scored, Value read) {
    function = op;
    side = scored;
    others = read;
  }

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
  RankedTensorType scoreType(Type element) {
    return tile::tileType({tiles.rows}, element, tile::rowSlice(tiles.layout));
  }
  /// What no real token's score is below.
  Value leastScore() {
    return function ? t.constant(scoreType(f32()), -std::numeric_limits<double>::infinity())
                    : t.constant(scoreType(f64()), 0);
  }

  /// Windows `window` of a level, one a group, and all windows inside them. Gives the sums of their rows and, when
  /// there are scores, their largest squared norms, or scores of the function.
  Values emitWindow(int64_t level, Value window) {
    Values initial = {t.constant(tiles.type(f32()), 0)};
    if (scores)
      initial.push_back(leastScore());
    Value first = t.mul(window, factor);
    Values total;
    if (level == 1) {
      // Several tokens at once, so that their loads are under way together.
      int64_t together = std::min<int64_t>(factor, 4);
      total = t.loop(0, factor, together, initial, [&](Value i, ValueRange carried) -> Values {
        SmallVector<Token> loaded;
        Values sum(carried);
        for (int64_t j = 0; j < together; ++j)
          loaded.push_back(loadToken(t.add(t.add(first, i), j)));
        for (const Token &token : loaded)
          sum = combine(sum, measure(token));
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

  /// A token's rows, and whether it is one.
  struct Token {
    Value row, other, real;
  };

  Token loadToken(Value token) {
    Value real = t.both(inside, t.less(token, t.rows(tokens)));
    Type row = tiles.type(type.getElementType());
    Token loaded{t.load(row, tokens, {batch, head, token}, real), Value(), real};
    if (others) {
      int64_t group = type.getShape()[1] / cast<tile::ViewType>(others.getType()).getShape()[1];
      loaded.other = t.load(row, others, {batch, t.div(head, group), token}, real);
    }
    return loaded;
  }

  /// A token's row in float32, and the square of its norm or its score by the function.
  Values measure(const Token &token) {
    Values result = {t.convert(token.row, f32())};
    if (scores)
      result.push_back(function ? scoreByFunction(token, result[0]) : squaredNorm(result[0]));
    return result;
  }

  /// In float64, where the squares of float32 values are exact.
  Value squaredNorm(Value row) {
    Value wide = t.convert(row, f64());
    return t.reduce(tile::Reduction::Add, t.mul(wide, wide));
  }

  Value scoreByFunction(const Token &token, Value row) {
    Value other = token.other ? t.convert(token.other, f32()) : Value();
    bool isQuery = side == ScoreByOp::Query;
    Value score = emitScoreBy(t, function, side, tiles, isQuery ? row : other, isQuery ? other : row);
    return t.select(token.real, score, leastScore());
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
    if (scores)
      t.store(windowScore(level, window, total[1]), scores, {batch, head, row}, inside);
  }

  Value windowScore(int64_t level, Value window, Value largest) {
    // The root is monotone: that of the largest square is the largest norm.
    if (!function)
      return t.convert(t.sqrt(largest), f32());
    if (pyramid.getSeqLen() > pyramid.getPaddedLen() - pyramid.windowLength(1)) // Each window has a real token.
      return largest;
    return t.select(t.less(t.mul(window, pyramid.windowLength(level)), pyramid.getSeqLen()), largest, 0);
  }

  TileBuilder &t;
  PyramidAttr pyramid;
  const int64_t factor, top;
  Value tokens, coarse, scores;
  tile::ViewType type;
  RowTiles tiles;
  ScoreByOp function; ///< null where norms are the scores
  ScoreByOp::Side side = ScoreByOp::Query;
  Value others;
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
  auto function = context.find<ScoreByOp>();
  PyramidAttr pyramid = pyramidOf(op.getPq());
  Value sq, sk, q = context.view(op.getQ()), k = context.view(op.getK());
  if (score || function) {
    sq = context.view(score ? score.getSq() : function.getSq());
    sk = context.view(score ? score.getSk() : function.getSk());
  }
  Stream streams[] = {
      {context, pyramid, q, context.coarseView(op.getPq()), sq, threads},
      {context, pyramid, k, context.coarseView(op.getPk()), sk, threads},
      {context, pyramid, context.view(op.getV()), context.coarseView(op.getPv()), Value(), threads},
  };
  if (function) {
    using Side = ScoreByOp::Side;
    streams[Side::Query].scoreBy(function, Side::Query, function.reads(Side::Query, Side::Key) ? k : Value());
    streams[Side::Key].scoreBy(function, Side::Key, function.reads(Side::Key, Side::Query) ? q : Value());
  }
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
