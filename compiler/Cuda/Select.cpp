// SPDX-License-Identifier: Apache-2.0
//
// Selection, a block a tile: level by level the threshold of each score by an exact radix search, and the kept windows
// in a list. A candidate's slot then follows from counting the candidates of each level that come before it.
#include "compiler/Cuda/Schedule.h"

#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;

namespace lighthouse::cuda {
namespace {

constexpr int64_t kKept64 = kKeptPerTile / 2, kDigitBits = 8, kDigits = 1 << kDigitBits;
constexpr int64_t kNaNKey = 0x7f800001; ///< of every NaN, above infinity
constexpr int64_t kScoreBits = 31, kSignedScoreBits = 32;
constexpr int64_t kMostHeld = 4; ///< candidates that a thread keeps in registers

/// Where one tile of a head lies.
struct TileOfHead {
  TileBuilder &t;
  PyramidAttr pyramid;
  int64_t tiles;
  Value batch, head, tile;

  TileOfHead(TileBuilder &t, PyramidAttr pyramid, int64_t heads, int64_t tiles) : t(t), pyramid(pyramid), tiles(tiles) {
    Values at = t.delinearize(t.blockId(), {1, heads, tiles});
    batch = at[0];
    head = at[1];
    tile = at[2];
  }
  /// Windows of the tile; they are numbered from its first.
  int64_t windows(int64_t level) const { return pyramid.numWindows(level) / tiles; }
  Value firstEntry(int64_t level) const { return t.add(t.mul(tile, windows(level)), pyramid.levelBegin(level)); }
  void fillSlots(Value slots) const {
    for (int64_t level = 0; level < pyramid.getNumLevels(); ++level)
      t.fill(-1, slots, {batch, head, firstEntry(level)}, windows(level));
  }
};

/// Some candidates of a level. Keys are 64 bits, all different: the score, then the lower number is the larger.
struct Candidates {
  Value number, window;
  Value inside; ///< null where all exist
  Value queryKey, keyKey;
};

class SelectSchedule {
public:
  SelectSchedule(KernelContext &context, SelectOp op)
      : c(context), t(context.t), op(op), pyramid(pyramidOf(op.getSq())), factor(pyramid.getPoolingFactor()),
        top(pyramid.getNumLevels() - 1), shape(shapeOf(op.getSq())),
        at(t, pyramid, shape[1], op.getTopk() / kKeptPerTile),
        threads(context.parameter("threads", usualThreads(), {256, 512, 1024})),
        layout(tile::LinearAttr::get(t.b.getContext(), threads)) {
    indices = c.view(op.getIndices());
    if (auto invert = context.find<InvertOp>())
      slots = c.view(invert.getSlots());
  }

  Grid emit() {
    i32 = t.b.getI32Type();
    i64 = t.b.getI64Type();
    int64_t bins = llvm::alignTo(kDigits, threads);
    histogram = t.alloc({bins}, i32);
    found = t.alloc({1}, i32);
    windowsKept.resize(top + 1);
    numbersKept.resize(top + 1);
    for (int64_t level = top; level >= 1; --level) {
      windowsKept[level] = t.alloc({kKeptPerTile}, i32);
      numbersKept[level] = level == top ? windowsKept[level] : t.alloc({kKeptPerTile}, i32);
    }
    t.write(t.constant(tile::tileType({bins}, i32, layout), 0), histogram);
    for (int64_t level = top; level >= 1; --level)
      keep(level);
    for (int64_t level = 0; level <= top; ++level)
      order(level);
    return {shape[0] * shape[1] * at.tiles, threads};
  }

private:
  using Body = function_ref<Values(const Candidates &, ValueRange carried)>;
  using Sweep = function_ref<Values(ValueRange initial, Body body)>;

  int64_t usualThreads() const {
    return std::max(at.windows(top), kKeptPerTile * factor) <= kMostHeld * 512 ? 512 : 1024;
  }

  //===-- Candidates -------------------------------------------------------===//

  int64_t numCandidates(int64_t level) const { return level == top ? at.windows(top) : kKeptPerTile * factor; }
  bool isHeld(int64_t level) const { return numCandidates(level) <= kMostHeld * threads; }
  /// Candidates of a sweep's step.
  int64_t step(int64_t level) const {
    int64_t each = llvm::divideCeil(numCandidates(level), threads);
    return threads * std::min(each, kMostHeld);
  }

  Candidates candidatesFrom(int64_t level, Operand first) {
    int64_t count = numCandidates(level);
    Candidates result;
    result.number = t.add(t.range(step(level), layout), first);
    if (count % step(level) != 0) {
      result.inside = t.less(result.number, count);
      result.number = t.min(result.number, count - 1);
    }
    result.window = result.number;
    if (level < top) {
      Value parent = t.readAt(windowsKept[level + 1], t.div(result.number, factor));
      result.window = t.add(t.mul(parent, factor), t.rem(result.number, factor));
    }
    return result;
  }

  void addKeys(int64_t level, Candidates &candidates) {
    Value entry = t.add(candidates.window, t.sub(at.firstEntry(level), pyramid.getPaddedLen()));
    Type scores = t.typeLike(entry, t.b.getF32Type());
    Value head = at.head, kvHead = t.div(head, shape[1] / shapeOf(op.getSk())[1]);
    Value sq = t.load(scores, c.view(op.getSq()), {at.batch, head, entry}, candidates.inside);
    Value sk = t.load(scores, c.view(op.getSk()), {at.batch, kvHead, entry}, candidates.inside);
    Value last = t.constant(entry.getType(), (int64_t(1) << numberBits(level)) - 1);
    Value low = t.convert(t.sub(last, candidates.number), i64);
    auto key = [&](Value score) {
      Value bits = t.bitcast(score, i32);
      // Bits of floats that are not negative order as the floats do.
      bits = op.getIsSigned() ? signedKey(bits) : t.minUnsigned(bits, kNaNKey);
      return t.bitOr(t.shiftLeft(t.convert(bits, i64), numberBits(level)), low);
    };
    candidates.queryKey = key(sq);
    candidates.keyKey = key(sk);
  }
  /// The bits of a float are its sign and its size: 2^31 plus the size, or minus. 0 and -0 are one key.
  Value signedKey(Value bits) {
    constexpr int64_t kSign = std::numeric_limits<int32_t>::min(), kInfinity = 0x7f800000;
    Value number = t.select(t.less(bits, 0), t.sub(0, bits), t.add(bits, kSign));
    return t.select(t.less(kInfinity, t.bitAnd(bits, ~kSign)), t.constant(bits.getType(), -1), number);
  }
  int64_t scoreBits() { return op.getIsSigned() ? kSignedScoreBits : kScoreBits; }
  int64_t numberBits(int64_t level) const { return llvm::Log2_64_Ceil(numCandidates(level)); }

  //===-- Keep -------------------------------------------------------------===//

  void keep(int64_t level) {
    Candidates held;
    if (isHeld(level))
      addKeys(level, held = candidatesFrom(level, 0));
    if (level == top) {
      if (slots)
        at.fillSlots(slots);
      t.barrier();
    }
    auto sweep = [&](ValueRange initial, Body body) -> Values {
      if (isHeld(level))
        return body(held, initial);
      return t.loop(0, numCandidates(level), step(level), initial, [&](Value first, ValueRange carried) {
        Candidates some = candidatesFrom(level, first);
        addKeys(level, some);
        return body(some, carried);
      });
    };
    Value queryThreshold =
        findThreshold(level, sweep, [&](const Candidates &some) { return std::pair(some.queryKey, some.inside); });
    Value keyThreshold = findThreshold(level, sweep, [&](const Candidates &some) {
      return std::pair(some.keyKey, t.both(some.inside, t.less(some.queryKey, queryThreshold)));
    });
    sweep(t.i32(0), [&](const Candidates &some, ValueRange carried) -> Values {
      Value kept = t.bitOr(t.lessEqual(queryThreshold, some.queryKey), t.lessEqual(keyThreshold, some.keyKey));
      kept = t.both(some.inside, kept);
      auto [before, total] = t.scan(t.select(kept, t.constant(some.number.getType(), 1), 0));
      Value place = t.add(before, carried[0]);
      t.writeAt(some.window, windowsKept[level], place, kept);
      if (level < top)
        t.writeAt(some.number, numbersKept[level], place, kept);
      return {t.add(total, carried[0])};
    });
    t.barrier();
  }

  /// The 64th largest key of those that `pick` gives with a mask: digits from the top, until all keys that have them
  /// are needed, which is so at the last digit at the latest.
  Value findThreshold(int64_t level, Sweep sweep, function_ref<std::pair<Value, Value>(const Candidates &)> pick) {
    int64_t bits = llvm::alignTo(scoreBits() + numberBits(level), kDigitBits);
    Values initial = {t.constant(i64, 0), t.constant(i64, static_cast<double>(bits)), t.i32(kKept64)};
    Values result = t.repeat(initial, [&](ValueRange carried) -> Values {
      Value prefix = carried[0], shift = t.sub(carried[1], kDigitBits), needed = carried[2];
      sweep({}, [&](const Candidates &some, ValueRange) -> Values {
        auto [key, mask] = pick(some);
        Value digits = t.shiftRight(key, shift);
        Value digit = t.convert(t.bitAnd(digits, kDigits - 1), i32);
        Value agrees = t.equal(t.shiftRight(digits, kDigitBits), prefix);
        t.count(histogram, t.sub(kDigits - 1, digit), t.both(mask, agrees));
        return {};
      });
      t.barrier();
      Value step = findDigit(needed);
      Value digit = t.convert(t.bitAnd(step, kDigits - 1), i64);
      Value left = t.bitAnd(t.shiftRight(step, kDigitBits), kDigits - 1);
      Value again = t.less(kSomeNotNeeded - 1, step);
      return {t.bitOr(t.shiftLeft(prefix, kDigitBits), digit), shift, left, again};
    });
    return t.shiftLeft(result[0], result[1]);
  }

  /// Of the digit of the key that is `needed`-th from the top: the digit, how many are needed of the keys that have it,
  /// and whether some are not. Bins hold the larger digits first, and are zero again after it.
  Value findDigit(Value needed) {
    auto type = tile::tileType({cast<tile::SharedType>(histogram.getType()).getShape()[0]}, i32, layout);
    Value count = t.read(type, histogram), before = t.scan(count).first;
    Value left = t.sub(needed, before);
    Value isHere = t.both(t.less(0, left), t.lessEqual(left, count));
    Value digit = t.sub(kDigits - 1, t.range(type.getDimSize(0), layout));
    Value more = t.select(t.less(left, count), t.constant(type, kSomeNotNeeded), 0);
    t.write(t.constant(type, 0), histogram);
    t.writeAt(t.bitOr(t.bitOr(digit, t.shiftLeft(left, kDigitBits)), more), found, 0, isHere);
    t.barrier();
    return t.readAt(found, 0);
  }
  static constexpr int64_t kSomeNotNeeded = 1 << (2 * kDigitBits);

  //===-- Order ------------------------------------------------------------===//

  /// Of each level, the candidates before (l, w) in post-order: coarser ones that end before w begins; finer ones that
  /// begin before w ends.
  void order(int64_t level) {
    int64_t count = numCandidates(level);
    if (isHeld(level))
      return place(level, candidatesFrom(level, 0));
    t.loop(0, count, step(level), [&](Value first) { place(level, candidatesFrom(level, first)); });
  }

  void place(int64_t level, const Candidates &some) {
    int64_t length = shapeOf(op.getIndices())[2] / at.tiles;
    Value slot = t.add(some.number, t.mul(at.tile, length));
    Value number = some.number;
    for (int64_t coarser = level + 1; coarser <= top; ++coarser) {
      number = t.readAt(numbersKept[coarser], t.div(number, factor));
      slot = t.add(slot, number);
    }
    Value end = t.add(some.window, 1);
    for (int64_t finer = level - 1; finer >= 0; --finer) {
      slot = t.add(slot, t.mul(countBelow(windowsKept[finer + 1], end), factor));
      end = t.mul(end, factor);
    }
    Value entry = t.add(some.window, at.firstEntry(level));
    if (indices)
      t.store(entry, indices, {at.batch, at.head, slot}, some.inside);
    if (slots)
      t.store(slot, slots, {at.batch, at.head, entry}, some.inside);
  }

  /// How many of the ascending numbers of a list are below `bound`.
  Value countBelow(Value list, Value bound) {
    Value count = t.constant(bound.getType(), 0);
    for (int64_t step = kKeptPerTile / 2; step >= 1; step /= 2) {
      Value next = t.add(count, step);
      count = t.select(t.less(t.readAt(list, t.sub(next, 1)), bound), next, count);
    }
    return t.add(count, t.select(t.less(t.readAt(list, count), bound), t.constant(bound.getType(), 1), 0));
  }

  KernelContext &c;
  TileBuilder &t;
  SelectOp op;
  PyramidAttr pyramid;
  const int64_t factor, top;
  ArrayRef<int64_t> shape; ///< of sq
  TileOfHead at;
  const int64_t threads;
  tile::LinearAttr layout;
  Type i32, i64;
  Value indices, slots; ///< results; null where one stays inside
  Value histogram, found;
  Values windowsKept, numbersKept; ///< a level: what it keeps, as windows and as candidates
};

} // namespace

FailureOr<Grid> scheduleSelect(KernelContext &context) {
  auto op = context.find<SelectOp>();
  int64_t levels = pyramidOf(op.getSq()).getNumLevels();
  if (levels < 2)
    return op.emitOpError("expects a pyramid of at least 2 levels, but got ")
           << levels << "; one level has all entries selected";
  return SelectSchedule(context, op).emit();
}

FailureOr<Grid> scheduleInvert(KernelContext &context) {
  TileBuilder &t = context.t;
  auto op = context.find<InvertOp>();
  PyramidAttr pyramid = pyramidOf(op.getIndices());
  ArrayRef<int64_t> shape = shapeOf(op.getIndices());
  int64_t threads = context.parameter("threads", 512, {128, 256, 512, 1024}), coarser = pyramid.getNumLevels() - 1;
  int64_t kept = shape[2] - pyramid.numWindows(coarser);
  int64_t tiles = coarser ? kept / (coarser * pyramid.getPoolingFactor() * kKeptPerTile) : 1;
  int64_t length = shape[2] / tiles;
  TileOfHead at(t, pyramid, shape[1], tiles);
  Value slots = context.view(op.getSlots());
  at.fillSlots(slots);
  t.barrier();
  int64_t step = threads * std::min<int64_t>(4, llvm::divideCeil(length, threads));
  Value first = t.mul(at.tile, length);
  t.loop(0, length, step, [&](Value from) {
    Value number = t.add(t.range(step, tile::LinearAttr::get(t.b.getContext(), threads)), from);
    Value inside = length % step ? t.less(number, length) : Value(), slot = t.add(number, first);
    Value entry = t.load(slot.getType(), context.view(op.getIndices()), {at.batch, at.head, slot}, inside);
    t.store(slot, slots, {at.batch, at.head, entry}, inside);
  });
  return Grid{shape[0] * shape[1] * tiles, threads};
}

} // namespace lighthouse::cuda
