// SPDX-License-Identifier: Apache-2.0
//
// Spec::validate: what a spec may be. A message gives the argument, the rule, the value and what would fit.
#include "lighthouse_ops/SpecRules.h"

#include "lighthouse_ops/ScoreExpression.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <numeric>

namespace lighthouse {

namespace {

/// Entries of the pyramid are numbered in int32.
constexpr int64_t kMaxEntries = std::numeric_limits<int32_t>::max();
/// Elements of the largest tensor. Far above any machine's memory, far below what overflows sums of sizes in bytes.
constexpr int64_t kMaxElements = int64_t(1) << 48;

template <typename... Args> [[noreturn]] void refuse(fmt::format_string<Args...> format, Args &&...args) {
  throw InvalidArgument(fmt::format(format, std::forward<Args>(args)...));
}

void expectAtLeastOne(const char *name, int64_t value) {
  if (value < 1)
    refuse("{}: expects at least 1, but got {}", name, value);
}

/// a * b of positive factors, or the largest int64.
int64_t saturatingProduct(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<int64_t>::max() : product;
}

void checkHeads(const Spec &spec) {
  expectAtLeastOne("num_heads", spec.num_heads);
  expectAtLeastOne("num_kv_heads", spec.num_kv_heads);
  if (spec.num_heads % spec.num_kv_heads == 0)
    return;
  refuse("num_kv_heads: expects a divisor of num_heads={}, but got {}; {} fits", spec.num_heads, spec.num_kv_heads,
         std::gcd(spec.num_heads, spec.num_kv_heads));
}

void checkHeadDim(int64_t value) {
  if (value >= kHeadDimStep && value <= kMaxHeadDim && value % kHeadDimStep == 0)
    return;
  int64_t clamped = std::clamp<int64_t>(value, 1, kMaxHeadDim);
  refuse("head_dim: expects a multiple of {} from {} to {}, but got {}; {} fits", kHeadDimStep, kHeadDimStep,
         kMaxHeadDim, value, (clamped + kHeadDimStep - 1) / kHeadDimStep * kHeadDimStep);
}

void checkLevels(const Spec &spec) {
  if (spec.num_levels < 1 || spec.num_levels > kMaxLevels)
    refuse("num_levels: expects 1 to {}, but got {}", kMaxLevels, spec.num_levels);
  if (spec.num_levels == 1 && spec.op != OpKind::Attention)
    refuse("num_levels: expects 2 to {} for op={}, but got 1; with one level the sub-sequence is q, k and v themselves",
           kMaxLevels, name(spec.op));
}

void checkPyramid(const Spec &spec) {
  int64_t factor = spec.pooling_factor, topk = spec.topk;
  if (factor < 2 || factor > kMaxPoolingFactor || !std::has_single_bit(static_cast<uint64_t>(factor)))
    refuse("pooling_factor: expects a power of two from 2 to {}, but got {}; {} fits", kMaxPoolingFactor, factor,
           std::bit_floor(static_cast<uint64_t>(std::clamp<int64_t>(factor, 2, kMaxPoolingFactor))));
  if (topk < kKeptPerTile || topk % kKeptPerTile != 0)
    refuse("topk: expects a positive multiple of {}, but got {}; {} fits", kKeptPerTile, topk,
           std::max(topk / kKeptPerTile, int64_t(1)) * kKeptPerTile);
}

void checkScorer(const Spec &spec) {
  bool attends = spec.scorer == Scorer::Dilated || spec.scorer == Scorer::Gla;
  if (!attends || (spec.dilation >= 1 && spec.dilation <= spec.seq_len))
    return;
  refuse("dilation: expects 1 to seq_len={}, but got {}; {} fits", spec.seq_len, spec.dilation,
         std::min(Spec().dilation, spec.seq_len));
}

void checkExpression(const Spec &spec) {
  if (spec.scorer != Scorer::Expression) {
    if (!spec.expression.empty())
      refuse("expression: expects none with scorer={}, but got '{}'", name(spec.scorer), spec.expression);
    return;
  }
  ScoreExpression expression = ScoreExpression::parse(spec.expression);
  if (spec.num_kv_heads != spec.num_heads && expression.reads(expression.key_score, ScoreExpression::Kind::Query))
    refuse("scorer: expects the score as a key to be of k only where query heads share keys (num_heads={}, "
           "num_kv_heads={}), but got q in '{}'",
           spec.num_heads, spec.num_kv_heads, expression.str());
}

void checkScale(double scale) {
  constexpr double least = std::numeric_limits<float>::min(), most = std::numeric_limits<float>::max();
  if (scale != 0.0 && !(scale >= least && scale <= most))
    refuse("scale: expects a finite number above 0 that float32 holds ({} to {}), or 0 for 1/sqrt(head_dim), but got "
           "{}",
           least, most, scale);
}

/// Tiles that `seq_len` tokens fill with 128 coarsest windows each. Tokens are rounded up to whole windows, the same
/// number a tile, so the last window of each tile needs one token only: N > 127 * window * tiles.
int64_t tilesThatFit(int64_t seq_len, int64_t window) {
  return (seq_len - 1) / saturatingProduct(kKeptPerTile - 1, window);
}

int64_t leastLength(int64_t window, int64_t tiles) {
  int64_t full = saturatingProduct(saturatingProduct(kKeptPerTile - 1, window), tiles);
  return full == std::numeric_limits<int64_t>::max() ? full : full + 1;
}

void checkTiles(const Spec &spec) {
  int64_t window = coarsestWindow(spec, spec.num_levels), fitting = tilesThatFit(spec.seq_len, window);
  if (spec.numTiles() <= fitting)
    return;
  std::string rule = fmt::format("seq_len: expects {} windows of {} tokens (pooling_factor={}, num_levels={}) in each "
                                 "of the topk/{}={} tiles, that is at least {} tokens, but got {}",
                                 kKeptPerTile, window, spec.pooling_factor, spec.num_levels, kKeptPerTile,
                                 spec.numTiles(), leastLength(window, spec.numTiles()), spec.seq_len);
  if (spec.num_heads > spec.seq_len) // The layout of flash attention, most likely.
    rule += fmt::format(" and num_heads={} (is the layout [B, H, N, D]?)", spec.num_heads);
  if (fitting >= 1)
    refuse("{}; the largest topk that fits is {}", rule, fitting * kKeptPerTile);
  int64_t levels = spec.num_levels;
  while (levels > 1 && tilesThatFit(spec.seq_len, coarsestWindow(spec, levels)) < 1)
    --levels;
  std::string fewer = levels > 1 ? fmt::format("num_levels={} with topk={} fits", levels, kKeptPerTile)
                                 : "num_levels=1 (plain causal attention) fits";
  refuse("{}; no topk fits ({} needs {} tokens); {}", rule, kKeptPerTile, leastLength(window, 1), fewer);
}

void checkSizes(const Spec &spec) {
  if (spec.seq_len > kMaxEntries)
    refuse("seq_len: expects at most {}, but got {}", kMaxEntries, spec.seq_len);
  // The pyramid grows by one coarsest window in each tile at a time, and all that is below them.
  int64_t unit = coarsestWindow(spec, spec.num_levels) * spec.numTiles(), unit_entries = 0;
  for (int64_t levels = 1; levels <= spec.num_levels; ++levels)
    unit_entries += unit / coarsestWindow(spec, levels);
  int64_t entries = spec.paddedLength() / unit * unit_entries;
  if (entries > kMaxEntries)
    refuse("seq_len: expects {} levels of at most {} entries together (their numbers are int32), but got {} for {} "
           "tokens; {} fits",
           spec.num_levels, kMaxEntries, entries, spec.seq_len, kMaxEntries / unit_entries * unit);
  int64_t elements = saturatingProduct(saturatingProduct(spec.batch, spec.num_heads), entries * spec.head_dim);
  if (elements > kMaxElements)
    refuse("batch: expects batch * num_heads * entries * head_dim to be at most 2^48, but got {} * {} * {} * {}",
           spec.batch, spec.num_heads, entries, spec.head_dim);
}

void checkVarlen(const Spec &spec) {
  if (spec.varlen && spec.op != OpKind::Attention)
    refuse("varlen: expects false for op={}, but got true; op={} fits", name(spec.op), name(OpKind::Attention));
}

} // namespace

bool isShort(const Spec &spec) {
  return spec.num_levels > 1 && spec.numTiles() > tilesThatFit(spec.seq_len, coarsestWindow(spec, spec.num_levels));
}

void Spec::validate() const {
  expectAtLeastOne("batch", batch);
  checkHeads(*this);
  expectAtLeastOne("seq_len", seq_len);
  checkHeadDim(head_dim);
  checkLevels(*this);
  checkExpression(*this);
  checkScale(scale);
  if (num_levels > 1) {
    checkPyramid(*this);
    checkTiles(*this);
    checkScorer(*this);
  }
  checkSizes(*this);
  checkVarlen(*this);
}

} // namespace lighthouse
