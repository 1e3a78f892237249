// SPDX-License-Identifier: Apache-2.0
//
// Pooling and scoring in one pass over the tokens: all levels of a coarsest window from registers, each token read
// once.
#include "compiler/Host/ScoreBy.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace mlir;

namespace lighthouse::host {
namespace {

/// Tokens of a work item, unless one coarsest window has more.
constexpr int64_t kSegmentTokens = 1024;

/// One of q, k and v: the tokens and where their coarse rows and scores go; either may be null.
struct Stream {
  Value tokens, coarse, scores;
  Value rows; ///< tokens there are
  ScoreByOp::Side side = ScoreByOp::Query;
  Value others = {}; ///< what a function of the token's query and key reads beside `tokens`; null where it does not
};

class PoolScoreSchedule {
public:
  PoolScoreSchedule(KernelContext &context, PoolOp op)
      : c(context), e(context.e), pyramid(pyramidOf(op.getPq())), factor(pyramid.getPoolingFactor()),
        top(pyramid.getNumLevels() - 1), headDim(shapeOf(op.getQ())[3]) {
    Value sq, sk;
    function = context.find<ScoreByOp>();
    if (auto score = context.find<ScoreOp>()) {
      sq = c.buffer(score.getSq());
      sk = c.buffer(score.getSk());
    } else if (function) {
      sq = c.buffer(function.getSq());
      sk = c.buffer(function.getSk());
    }
    addStream(op.getQ(), op.getPq(), sq);
    addStream(op.getK(), op.getPk(), sk);
    addStream(op.getV(), op.getPv(), Value());
    if (function) {
      streams[1].side = ScoreByOp::Key;
      if (function.reads(ScoreByOp::Query, ScoreByOp::Key))
        streams[0].others = streams[1].tokens;
      if (function.reads(ScoreByOp::Key, ScoreByOp::Query))
        streams[1].others = streams[0].tokens;
    }
    llvm::erase_if(streams, [](const Stream &each) { return !each.coarse && !each.scores; });
  }

  int64_t emit() { return streams.empty() ? 0 : emitStreams(streams, c.item); }

private:
  void addStream(Value tokens, Value pyramid, Value scores) {
    streams.push_back({c.buffer(tokens), c.coarseBuffer(pyramid), scores, c.rows(tokens)});
  }

  int64_t windowsPerItem() const { return std::max<int64_t>(1, kSegmentTokens / pyramid.windowLength(top)); }

  /// The items of the first stream, then those of the others; gives how many these are.
  int64_t emitStreams(ArrayRef<Stream> rest, Value item) {
    stream = rest.front();
    ArrayRef<int64_t> shape = shapeOf(stream.tokens);
    int64_t segments = llvm::divideCeil(pyramid.numWindows(top), windowsPerItem());
    int64_t items = shape[0] * shape[1] * segments;
    auto body = [&] { emitSegment(e.delinearize(item, {shape[0], shape[1], segments})); };
    if (rest.size() == 1) {
      body();
      return items;
    }
    int64_t others = 0;
    e.ifThen(e.less(item, items), body, [&] { others = emitStreams(rest.drop_front(), e.sub(item, items)); });
    return items + others;
  }

  void emitSegment(ValueRange at) {
    batch = at[0];
    head = at[1];
    Value first = e.mul(at[2], windowsPerItem());
    Value end = e.min(e.add(first, windowsPerItem()), pyramid.numWindows(top));
    e.loop(first, end, 1, [&](Value window) { emitWindow(top, window); });
  }

  /// Writes window `window` of `level` and all windows inside it. Gives the sum of its rows and, when there are scores,
  /// the largest squared norm (f64), or score of the function (f32; -infinity without a real token).
  Values emitWindow(int64_t level, Value window) {
    Values initial = e.zeroRow(headDim);
    if (stream.scores)
      initial.push_back(function ? e.f32(-std::numeric_limits<float>::infinity()) : f64Zero());
    Value first = e.mul(window, factor);
    Index end = e.add(first, factor);
    if (level == 1)
      end = e.min(end, stream.rows); // below `first` in a window beyond the last token: no turn
    Values total = e.loop(first, end, 1, initial, [&](Value child, ValueRange carried) {
      Values part = level == 1 ? emitToken(child) : emitWindow(level - 1, child);
      return combine(carried, part);
    });
    store(level, window, total);
    return total;
  }

  Values emitToken(Value token) {
    Values row = e.loadRow(stream.tokens, {batch, head, token}, headDim);
    if (stream.scores)
      row.push_back(function ? scoreByFunction(token, row) : squaredNorm(row));
    return row;
  }

  Value scoreByFunction(Value token, ValueRange row) {
    Values other;
    if (stream.others) {
      int64_t group = shapeOf(stream.tokens)[1] / shapeOf(stream.others)[1];
      other = e.loadRow(stream.others, {batch, e.div(head, group), token}, headDim);
    }
    bool isQuery = stream.side == ScoreByOp::Query;
    return emitScoreBy(e, function, stream.side, isQuery ? row : ValueRange(other), isQuery ? ValueRange(other) : row);
  }

  Values combine(ValueRange x, ValueRange y) {
    if (!stream.scores)
      return e.addRows(x, y);
    Values sum = e.addRows(x.drop_back(), y.drop_back());
    sum.push_back(arith::MaximumFOp::create(e.b, e.loc, x.back(), y.back())); // propagates NaN
    return sum;
  }

  void store(int64_t level, Value window, ValueRange total) {
    Value row = e.add(window, pyramid.levelBegin(level) - pyramid.getPaddedLen());
    ValueRange sum = stream.scores ? total.drop_back() : total;
    if (stream.coarse)
      e.storeRow(e.scaleRow(sum, 1.0 / pyramid.windowLength(level)), stream.coarse, {batch, head, row}, headDim);
    if (stream.scores && function) {
      Value hasReal = e.less(e.mul(window, pyramid.windowLength(level)), pyramid.getSeqLen());
      e.store(arith::SelectOp::create(e.b, e.loc, hasReal, total.back(), e.f32(0)), stream.scores, {batch, head, row});
    } else if (stream.scores) {
      // The root is monotone: that of the largest square is the largest norm.
      Value norm = math::SqrtOp::create(e.b, e.loc, total.back());
      e.store(arith::TruncFOp::create(e.b, e.loc, e.b.getF32Type(), norm), stream.scores, {batch, head, row});
    }
  }

  /// In f64, where the squares of f32 values are exact.
  Value squaredNorm(ValueRange row) {
    Values sums; // one a vector width
    for (Value part : row) {
      auto type = cast<VectorType>(part.getType()).clone(e.b.getF64Type());
      Value wide = arith::ExtFOp::create(e.b, e.loc, type, part);
      if (sums.empty() || sums.back().getType() != type)
        sums.push_back(arith::ConstantOp::create(e.b, e.loc, e.b.getZeroAttr(type)));
      sums.back() = vector::FMAOp::create(e.b, e.loc, wide, wide, sums.back());
    }
    Value total = f64Zero();
    for (Value sum : sums) {
      Value reduced =
          vector::ReductionOp::create(e.b, e.loc, vector::CombiningKind::ADD, sum, arith::FastMathFlags::reassoc);
      total = arith::AddFOp::create(e.b, e.loc, total, reduced);
    }
    return total;
  }

  Value f64Zero() { return arith::ConstantOp::create(e.b, e.loc, e.b.getF64FloatAttr(0)); }

  KernelContext &c;
  Emitter &e;
  PyramidAttr pyramid;
  const int64_t factor, top, headDim;
  ScoreByOp function; ///< null where norms are the scores
  SmallVector<Stream> streams;
  Stream stream; ///< being emitted
  Value batch, head;
};

} // namespace

FailureOr<int64_t> schedulePoolScore(KernelContext &context) {
  auto op = context.find<PoolOp>();
  if (op.getNumLevels() < 2)
    return op.emitOpError("expects num_levels of at least 2 to write coarse levels, but got ") << op.getNumLevels();
  return PoolScoreSchedule(context, op).emit();
}

} // namespace lighthouse::host
