// SPDX-License-Identifier: Apache-2.0
//
// Spec: its arithmetic, and its names in messages and cache keys. What a spec may be is in SpecRules.cpp.
#include "lighthouse_ops/Spec.h"

#include "lighthouse_ops/SpecRules.h"

#include <bit>
#include <cmath>
#include <fmt/format.h>

namespace lighthouse {

int64_t coarsestWindow(const Spec &spec, int64_t num_levels) {
  // Pooling factors are powers of two: 64^7 at most.
  return int64_t(1) << ((num_levels - 1) * std::countr_zero(static_cast<uint64_t>(spec.pooling_factor)));
}

float softmaxScale(const Spec &spec) { return static_cast<float>(spec.effectiveScale()); }

Spec canonical(const Spec &spec) {
  const Spec defaults;
  Spec result = spec;
  if (spec.num_levels == 1) {
    result.pooling_factor = defaults.pooling_factor;
    result.topk = defaults.topk;
    result.scorer = defaults.scorer;
  }
  if (spec.op == OpKind::Scatter) { // It never sees keys.
    result.num_kv_heads = spec.num_heads;
    result.scorer = defaults.scorer;
  }
  if (result.scorer == Scorer::Norm)
    result.dilation = defaults.dilation;
  // The softmax over the sub-sequence is the caller's when only the ends are compiled.
  float scale = softmaxScale(spec);
  bool has_scale = spec.op == OpKind::Attention || result.scorer != Scorer::Norm;
  bool is_default = !has_scale || scale == softmaxScale({.head_dim = spec.head_dim});
  result.scale = is_default ? defaults.scale : scale;
  return result;
}

double Spec::effectiveScale() const { return scale != 0.0 ? scale : 1.0 / std::sqrt(static_cast<double>(head_dim)); }

int64_t Spec::numTiles() const { return num_levels == 1 ? 1 : topk / kKeptPerTile; }

int64_t Spec::paddedLength() const {
  if (num_levels == 1)
    return seq_len;
  int64_t unit = coarsestWindow(*this, num_levels) * numTiles();
  return (seq_len + unit - 1) / unit * unit;
}

int64_t Spec::subsequenceLength() const {
  if (num_levels == 1)
    return seq_len;
  return paddedLength() / coarsestWindow(*this, num_levels) + (num_levels - 1) * pooling_factor * topk;
}

int64_t Spec::tileLength() const { return paddedLength() / numTiles(); }

std::string Spec::str() const {
  Spec spec = canonical(*this);
  return fmt::format("op={}, dtype={}, scorer={}, batch={}, num_heads={}, num_kv_heads={}, seq_len={}, head_dim={}, "
                     "num_levels={}, pooling_factor={}, topk={}, scale={}, dilation={}",
                     name(spec.op), name(spec.dtype), name(spec.scorer), spec.batch, spec.num_heads, spec.num_kv_heads,
                     spec.seq_len, spec.head_dim, spec.num_levels, spec.pooling_factor, spec.topk, softmaxScale(spec),
                     spec.dilation);
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
