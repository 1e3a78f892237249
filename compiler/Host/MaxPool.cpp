// SPDX-License-Identifier: Apache-2.0
//
// Scores of tokens to those of windows: all levels of a coarsest window from registers, each score read once.
#include "compiler/Host/Emitter.h"

#include <array>

using namespace mlir;

namespace lighthouse::host {
namespace {

/// Tokens of a work item, unless one coarsest window has more.
constexpr int64_t kSegmentTokens = 4096;

class MaxPoolSchedule {
public:
  MaxPoolSchedule(KernelContext &context, MaxPoolOp op)
      : e(context.e), pyramid(op.getPyramid()), factor(pyramid.getPoolingFactor()), top(pyramid.getNumLevels() - 1),
        tokens(op.getTokens() ? Index(context.rows(op.getTokens())) : Index(pyramid.getSeqLen())) {}

  int64_t itemsOf(Value scores) const { return shapeOf(scores)[0] * shapeOf(scores)[1] * segments(); }

  void emit(Value item, Value tokenScores, Value windowScores) {
    from = tokenScores;
    to = windowScores;
    Values at = e.delinearize(item, {shapeOf(to)[0], shapeOf(to)[1], segments()});
    batch = at[0];
    head = at[1];
    Value first = e.mul(at[2], windowsPerItem()), end = e.min(e.add(first, windowsPerItem()), pyramid.numWindows(top));
    e.loop(first, end, 1, [&](Value window) { emitWindow(top, window); });
  }

private:
  int64_t windowsPerItem() const { return std::max<int64_t>(1, kSegmentTokens / pyramid.windowLength(top)); }
  int64_t segments() const { return llvm::divideCeil(pyramid.numWindows(top), windowsPerItem()); }

  /// Writes the scores of window `window` of `level` and of all windows inside it. Gives its own.
  Value emitWindow(int64_t level, Value window) {
    Value first = e.mul(window, factor);
    Index end = e.add(first, factor);
    if (level == 1)
      end = e.min(end, tokens); // below `first` in a window beyond the last token: no turn
    Value largest = e.loop(first, end, 1, {e.f32(0)}, [&](Value child, ValueRange carried) -> Values {
      Value score = level == 1 ? e.load(from, {batch, head, child}) : emitWindow(level - 1, child);
      return {arith::MaximumFOp::create(e.b, e.loc, carried[0], score)}; // propagates NaN
    })[0];
    e.store(largest, to, {batch, head, e.add(window, pyramid.levelBegin(level) - pyramid.getPaddedLen())});
    return largest;
  }

  Emitter &e;
  PyramidAttr pyramid;
  const int64_t factor, top;
  const Index tokens; ///< how many there are
  Value from, to;     ///< being emitted
  Value batch, head;
};

} // namespace

FailureOr<int64_t> scheduleMaxPool(KernelContext &context) {
  auto op = context.find<MaxPoolOp>();
  if (op.getPyramid().getNumLevels() < 2)
    return op.emitOpError("expects a pyramid of at least 2 levels to score windows of, but got ")
           << op.getPyramid().getNumLevels();
  MaxPoolSchedule schedule(context, op);
  Emitter &e = context.e;
  // Items of sq first, then those of sk.
  int64_t items = 0;
  for (auto [from, to] : std::array{std::pair(op.getTq(), op.getSq()), std::pair(op.getTk(), op.getSk())}) {
    Value tokenScores = context.buffer(from), windowScores = context.buffer(to);
    if (!windowScores)
      continue;
    int64_t count = schedule.itemsOf(to);
    Value mine = e.sub(context.item, items); // of the other's items, a huge number
    e.ifThen(e.less(mine, count), [&] { schedule.emit(mine, tokenScores, windowScores); });
    items += count;
  }
  return items;
}

} // namespace lighthouse::host
