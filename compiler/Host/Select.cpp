// SPDX-License-Identifier: Apache-2.0
//
// Selection, a work item a tile: candidates level by level, the kept ones found by counting digits (Keep64.cpp), then
// the sub-sequence in post-order.
#include "compiler/Host/Keep64.h"

using namespace mlir;

namespace lighthouse::host {
namespace {

/// memref[at..., begin .. begin + count - 1] = value, `width` elements at a time.
void fill(Emitter &e, Value memref, ArrayRef<Index> at, Index begin, int64_t count, Value value, int64_t width) {
  auto place = [&](Value offset) {
    SmallVector<Index> result(at);
    result.push_back(e.add(begin, offset));
    return result;
  };
  int64_t whole = count / width * width;
  Value vector = e.splat(value, width);
  e.loop(0, whole, width, [&](Value i) { e.storeRaw(vector, memref, place(i)); });
  if (whole < count)
    e.loop(whole, count, 1, [&](Value i) { e.store(value, memref, place(i)); });
}

class SelectSchedule {
public:
  SelectSchedule(KernelContext &context, SelectOp op)
      : c(context), e(context.e), op(op), pyramid(pyramidOf(op.getSq())), factor(pyramid.getPoolingFactor()),
        top(pyramid.getNumLevels() - 1), tiles(op.getTopk() / kKeptPerTile), shape(shapeOf(op.getSq())) {
    indices = c.buffer(op.getIndices());
    if (auto invert = context.find<InvertOp>())
      slots = c.buffer(invert.getSlots());
  }

  int64_t emit() {
    Values at = e.delinearize(c.item, {shape[0], shape[1], tiles});
    batch = at[0];
    head = at[1];
    tile = at[2];
    makeFlags();
    for (int64_t level = top; level >= 1; --level)
      keep(level);
    if (slots)
      for (int64_t level = 0; level <= top; ++level)
        fill(e, slots, {batch, head}, entry(level, 0), windows(level), e.i32(-1), e.machine.lanes);
    int64_t length = shapeOf(op.getIndices())[2] / tiles;
    e.loop(0, windows(top), 1, e.mul(tile, length),
           [&](Value window, ValueRange slot) -> Values { return {order(top, window, slot[0])}; });
    memref::DeallocOp::create(e.b, e.loc, flags);
    return shape[0] * shape[1] * tiles;
  }

private:
  /// Windows of the tile. Below, windows are numbered from the tile's first.
  int64_t windows(int64_t level) const { return pyramid.numWindows(level) / tiles; }
  Value entry(int64_t level, Index window) {
    return e.add(e.add(e.mul(tile, windows(level)), pyramid.levelBegin(level)), window);
  }
  /// Where a level's flags begin; coarsest first.
  int64_t flagBegin(int64_t level) const {
    int64_t begin = 0;
    for (int64_t above = top; above > level; --above)
      begin += windows(above);
    return begin;
  }
  Value i8(Flag flag) { return arith::ConstantOp::create(e.b, e.loc, e.b.getI8IntegerAttr(flag)); }
  Value isKept(int64_t level, Value window) {
    Value flag = e.load(flags, {e.add(window, flagBegin(level))});
    return arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::eq, flag, i8(kKept));
  }

  /// Candidates at the start: all of the coarsest windows.
  void makeFlags() {
    int64_t count = flagBegin(0), width = 4 * e.machine.lanes;
    flags = memref::AllocOp::create(e.b, e.loc, MemRefType::get({count}, e.b.getI8Type()));
    fill(e, flags, {}, 0, windows(top), i8(kCandidate), width);
    fill(e, flags, {}, windows(top), count - windows(top), i8(kNone), width);
    // Runs of candidates of one level and of the next.
    starts = e.scratch({kKeptPerTile}, e.b.getI32Type());
    nextStarts = e.scratch({kKeptPerTile}, e.b.getI32Type());
    e.store(e.i32(0), starts, {0});
  }

  void keep(int64_t level) {
    Candidates candidates{flags, e.index(flagBegin(level)), starts, e.index(kKeptPerTile), e.index(factor)};
    if (level == top) {
      candidates.num_runs = e.index(1);
      candidates.run_length = e.index(windows(top));
    }
    emitKeep64(c, scores(op.getSq(), head, level), candidates);
    emitKeep64(c, scores(op.getSk(), e.div(head, shape[1] / shapeOf(op.getSk())[1]), level), candidates);
    if (level > 1)
      descend(level, candidates);
  }

  Scores scores(Value tensor, Value row, int64_t level) {
    return {c.buffer(tensor), batch, row, e.sub(entry(level, 0), pyramid.getPaddedLen()), op.getIsSigned()};
  }

  /// The children of what was kept are the candidates one level down: a run for each, ascending.
  void descend(int64_t level, const Candidates &candidates) {
    e.loop(0, candidates.num_runs, 1, e.index(0), [&](Value run, ValueRange outer) -> Values {
      Value start = e.toIndex(e.load(starts, {run}));
      return e.loop(0, candidates.run_length, 1, outer, [&](Value i, ValueRange count) -> Values {
        Value window = e.add(start, i), kept = isKept(level, window);
        e.ifThen(kept, [&] {
          Value child = e.mul(window, factor);
          e.store(e.toI32(child), nextStarts, {count[0]});
          e.loop(0, factor, 1,
                 [&](Value j) { e.store(i8(kCandidate), flags, {e.add(e.add(child, j), flagBegin(level - 1))}); });
        });
        return {e.add(count[0], e.select(kept, 1, 0))};
      });
    });
    std::swap(starts, nextStarts);
  }

  /// Post-order: what is below a kept window, then the window. Gives the next slot.
  Value order(int64_t level, Value window, Value slot) {
    auto below = [&]() -> Values {
      Value child = e.mul(window, factor);
      return e.loop(0, factor, 1, slot, [&](Value j, ValueRange carried) -> Values {
        Value at = e.add(child, j);
        return {level == 1 ? place(0, at, carried[0]) : order(level - 1, at, carried[0])};
      });
    };
    Values next = e.ifElse(isKept(level, window), below, [&]() -> Values { return {slot}; });
    return place(level, window, next[0]);
  }

  Value place(int64_t level, Value window, Value slot) {
    Value number = entry(level, window);
    if (indices)
      e.store(e.toI32(number), indices, {batch, head, slot});
    if (slots)
      e.store(e.toI32(slot), slots, {batch, head, number});
    return e.add(slot, 1);
  }

  KernelContext &c;
  Emitter &e;
  SelectOp op;
  PyramidAttr pyramid;
  const int64_t factor, top, tiles;
  ArrayRef<int64_t> shape; ///< of sq
  Value indices, slots;    ///< results; null where one stays inside
  Value batch, head, tile;
  Value flags, starts, nextStarts;
};

} // namespace

FailureOr<int64_t> scheduleSelect(KernelContext &context) {
  auto op = context.find<SelectOp>();
  int64_t levels = pyramidOf(op.getSq()).getNumLevels();
  if (levels < 2)
    return op.emitOpError("expects a pyramid of at least 2 levels, but got ")
           << levels << "; one level has all entries selected";
  return SelectSchedule(context, op).emit();
}

FailureOr<int64_t> scheduleInvert(KernelContext &context) {
  Emitter &e = context.e;
  auto op = context.find<InvertOp>();
  Value indices = context.buffer(op.getIndices()), slots = context.buffer(op.getSlots());
  ArrayRef<int64_t> shape = shapeOf(op.getSlots());
  Values at = e.delinearize(context.item, {shape[0], shape[1]});
  fill(e, slots, {at[0], at[1]}, 0, shape[2], e.i32(-1), e.machine.lanes);
  e.loop(0, shapeOf(op.getIndices())[2], 1, [&](Value slot) {
    e.store(e.toI32(slot), slots, {at[0], at[1], e.toIndex(e.load(indices, {at[0], at[1], slot}))});
  });
  return shape[0] * shape[1];
}

} // namespace lighthouse::host
