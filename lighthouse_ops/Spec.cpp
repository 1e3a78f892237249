// SPDX-License-Identifier: Apache-2.0
//
// Spec: its arithmetic, and its names in messages and cache keys. What a spec may be is in SpecRules.cpp.
#include "lighthouse_ops/Spec.h"

#include "lighthouse_ops/ScoreExpression.h"
#include "lighthouse_ops/SpecRules.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <fmt/format.h>

namespace lighthouse {

// The arithmetic ends with some number for any spec, since messages and callers print those that validate refuses.

int64_t coarsestWindow(const Spec &spec, int64_t num_levels) {
  bool allowed = num_levels >= 1 && num_levels <= kMaxLevels && spec.pooling_factor >= 2 &&
                 spec.pooling_factor <= kMaxPoolingFactor;
  if (!allowed)
    return 1;
  // Pooling factors are powers of two: 64^7 at most.
  return int64_t(1) << ((num_levels - 1) * std::countr_zero(static_cast<uint64_t>(spec.pooling_factor)));
}

float softmaxScale(const Spec &spec) { return static_cast<float>(spec.effectiveScale()); }

/// An expression as it is printed, and the scorer's name where it has one.
static void makeScorerCanonical(Spec &spec) {
  if (spec.scorer != Scorer::Expression)
    return;
  spec.expression = ScoreExpression::parse(spec.expression).str();
  if (spec.expression == "norm(q), norm(k)") {
    spec.scorer = Scorer::Norm;
    spec.expression.clear();
  }
}

Spec canonical(const Spec &spec) {
  const Spec defaults;
  Spec result = spec;
  if (spec.num_levels == 1) {
    result.pooling_factor = defaults.pooling_factor;
    result.topk = defaults.topk;
  }
  if (spec.varlen)
    result.seq_len = spec.paddedLength();
  if (spec.num_levels == 1 || spec.op == OpKind::Scatter) { // Nothing is scored.
    result.scorer = defaults.scorer;
    result.expression = defaults.expression;
  }
  makeScorerCanonical(result);
  if (spec.op == OpKind::Scatter)
    result.num_kv_heads = spec.num_heads; // It never sees keys.
  bool attends = result.scorer == Scorer::Dilated || result.scorer == Scorer::Gla;
  if (!attends)
    result.dilation = defaults.dilation;
  // The softmax over the sub-sequence is the caller's when only the ends are compiled.
  float scale = softmaxScale(spec);
  bool has_scale = spec.op == OpKind::Attention || attends;
  bool is_default = !has_scale || scale == softmaxScale({.head_dim = spec.head_dim});
  result.scale = is_default ? defaults.scale : scale;
  return result;
}

double Spec::effectiveScale() const { return scale != 0.0 ? scale : 1.0 / std::sqrt(static_cast<double>(head_dim)); }

int64_t Spec::numTiles() const { return num_levels == 1 ? 1 : std::max(topk / kKeptPerTile, int64_t(1)); }

int64_t Spec::paddedLength() const {
  if (num_levels == 1)
    return seq_len;
  int64_t unit, end;
  if (__builtin_mul_overflow(coarsestWindow(*this, num_levels), numTiles(), &unit) ||
      __builtin_add_overflow(seq_len, unit - 1, &end))
    return seq_len;
  return end / unit * unit;
}

int64_t Spec::leastLength() const {
  return num_levels == 1 ? 1 : paddedLength() - coarsestWindow(*this, num_levels) * numTiles() + 1;
}

int64_t Spec::subsequenceLength() const {
  if (num_levels == 1)
    return seq_len;
  return paddedLength() / coarsestWindow(*this, num_levels) + (num_levels - 1) * pooling_factor * topk;
}

int64_t Spec::tileLength() const { return paddedLength() / numTiles(); }

void Spec::setScorer(const std::string &text) {
  std::string known;
  for (Scorer named : {Scorer::Norm, Scorer::Dilated, Scorer::Gla}) {
    if (text == name(named)) {
      scorer = named;
      expression.clear();
      return;
    }
    known += fmt::format("'{}', ", name(named));
  }
  if (std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; }))
    throw InvalidArgument(fmt::format("scorer: expects one of {}or a token's two scores as expressions of its query q "
                                      "and key k such as 'sum(q * q), max(abs(k))', but got '{}'",
                                      known, text));
  scorer = Scorer::Expression;
  expression = text;
}

std::string Spec::scorerText() const {
  Spec spec = *this;
  makeScorerCanonical(spec);
  return spec.scorer == Scorer::Expression ? spec.expression : name(spec.scorer);
}

std::string Spec::str() const {
  Spec spec = canonical(*this);
  return fmt::format("op={}, dtype={}, scorer={}, batch={}, num_heads={}, num_kv_heads={}, seq_len={}, head_dim={}, "
                     "num_levels={}, pooling_factor={}, topk={}, scale={}, dilation={}{}",
                     name(spec.op), name(spec.dtype), spec.scorerText(), spec.batch, spec.num_heads, spec.num_kv_heads,
                     spec.seq_len, spec.head_dim, spec.num_levels, spec.pooling_factor, spec.topk, softmaxScale(spec),
                     spec.dilation, spec.varlen ? ", varlen=true" : "");
}

const char *name(DType dtype) {
  switch (dtype) {
  case DType::Float32:
    return "float32";
  case DType::BFloat16:
    return "bfloat16";
  case DType::Float16:
    return "float16";
  }
  return "unknown";
}

const char *name(Scorer scorer) {
  switch (scorer) {
  case Scorer::Norm:
    return "norm";
  case Scorer::Dilated:
    return "dilated";
  case Scorer::Gla:
    return "gla";
  case Scorer::Expression:
    return "expression";
  }
  return "unknown";
}

const char *name(OpKind op) {
  switch (op) {
  case OpKind::Attention:
    return "attention";
  case OpKind::Gather:
    return "gather";
  case OpKind::Scatter:
    return "scatter";
  }
  return "unknown";
}

int64_t sizeOf(DType dtype) { return dtype == DType::Float32 ? 4 : 2; }

} // namespace lighthouse
