// SPDX-License-Identifier: Apache-2.0
//
// Scores of tokens to those of windows: a thread has one coarsest window, all levels of which come from registers.
#include "compiler/Cuda/Schedule.h"

#include <array>

using namespace mlir;

namespace lighthouse::cuda {
namespace {

class MaxPoolSchedule {
public:
  MaxPoolSchedule(KernelContext &context, MaxPoolOp op)
      : t(context.t), pyramid(op.getPyramid()), factor(pyramid.getPoolingFactor()), top(pyramid.getNumLevels() - 1),
        tokens(op.getTokens() ? t.rows(context.view(op.getTokens())) : Operand(pyramid.getSeqLen())),
        threads(context.parameter("threads", 128, {64, 128, 256, 512})),
        layout(tile::LinearAttr::get(t.b.getContext(), threads)) {}

  int64_t threadsOfBlock() const { return threads; }
  int64_t blocksOf(Value scores) const { return shapeOf(scores)[0] * shapeOf(scores)[1] * blocksOfHead(); }

  void emit(Value block, Value tokenScores, Value windowScores) {
    from = tokenScores;
    to = windowScores;
    ArrayRef<int64_t> shape = cast<tile::ViewType>(to.getType()).getShape();
    Values at = t.delinearize(block, {shape[0], shape[1], blocksOfHead()});
    batch = at[0];
    head = at[1];
    Value window = t.add(t.range(threads, layout), t.mul(at[2], threads));
    inside = t.less(window, pyramid.numWindows(top));
    emitWindow(top, window);
  }

private:
  int64_t blocksOfHead() const { return llvm::divideCeil(pyramid.numWindows(top), threads); }

  /// Windows `window` of a level, one a thread, and all windows inside them. Gives their scores.
  Value emitWindow(int64_t level, Value window) {
    auto type = tile::tileType({threads}, t.b.getF32Type(), layout);
    Value first = t.mul(window, factor);
    // Several tokens at once, so that their loads are under way together.
    int64_t together = level == 1 ? std::min<int64_t>(factor, 4) : 1;
    Value largest = t.loop(0, factor, together, {t.constant(type, 0)}, [&](Value i, ValueRange carried) -> Values {
      Values scores;
      for (int64_t j = 0; j < together; ++j) {
        Value child = t.add(t.add(first, i), j);
        scores.push_back(level == 1 ? loadToken(type, child) : emitWindow(level - 1, child));
      }
      Value most = carried[0];
      for (Value score : scores)
        most = t.max(most, score); // propagates NaN
      return {most};
    })[0];
    Value row = t.add(window, pyramid.levelBegin(level) - pyramid.getPaddedLen());
    t.store(largest, to, {batch, head, row}, inside);
    return largest;
  }

  Value loadToken(RankedTensorType type, Value token) {
    Value real = t.both(inside, t.less(token, tokens));
    return t.load(type, from, {batch, head, token}, real);
  }

  TileBuilder &t;
  PyramidAttr pyramid;
  const int64_t factor, top;
  const Operand tokens; ///< how many there are
  const int64_t threads;
  tile::LinearAttr layout;
  Value from, to; ///< being emitted
  Value batch, head, inside;
};

} // namespace

FailureOr<Grid> scheduleMaxPool(KernelContext &context) {
  auto op = context.find<MaxPoolOp>();
  if (op.getPyramid().getNumLevels() < 2)
    return op.emitOpError("expects a pyramid of at least 2 levels to score windows of, but got ")
           << op.getPyramid().getNumLevels();
  MaxPoolSchedule schedule(context, op);
  TileBuilder &t = context.t;
  // Blocks of sq first, then those of sk.
  Value block = t.blockId();
  int64_t blocks = 0;
  for (auto [from, to] : std::array{std::pair(op.getTq(), op.getSq()), std::pair(op.getTk(), op.getSk())}) {
    Value source = context.view(from), target = context.view(to);
    if (!target)
      continue;
    int64_t count = schedule.blocksOf(to);
    Value mine = t.both(t.lessEqual(blocks, block), t.less(block, blocks + count));
    t.ifThen(mine, [&] { schedule.emit(t.sub(block, blocks), source, target); });
    blocks += count;
  }
  return Grid{blocks, schedule.threadsOfBlock()};
}

} // namespace lighthouse::cuda
