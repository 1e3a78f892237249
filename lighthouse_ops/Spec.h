// SPDX-License-Identifier: Apache-2.0
//
// Spec: everything a compiled Lighthouse op is specialised for.
#pragma once

#include "lighthouse_ops/Export.h"

#include <cstdint>
#include <stdexcept>
#include <string>

namespace lighthouse {

/// Thrown for a bad argument, before anything is compiled or run. The text names the argument, its value, the rule and
/// what would fit.
class LIGHTHOUSE_API InvalidArgument : public std::invalid_argument {
public:
  using std::invalid_argument::invalid_argument;
};

/// Element type of q, k, v and everything in their dtype. Arithmetic is float32.
enum class DType : uint8_t { Float32, BFloat16, Float16 };

/// How a token is scored (section "Pool and score" of the paper's method). Norm: the L2 norms of its query and its key.
/// Dilated: those of the outputs of causal attention in its residue class, of (q, k, v) and of (k, q, v). Gla: the same
/// of simple gated linear attention, whose log gates g [batch, num_heads, seq_len] (float32) are one more input.
/// Expression: a function of the caller's.
enum class Scorer : uint8_t { Norm, Dilated, Gla, Expression };

/// Which part of the chain is compiled; see docs/design.md.
enum class OpKind : uint8_t { Attention, Gather, Scatter };

/// The sizes and settings of one op. Shapes: q [batch, num_heads, seq_len, head_dim], k and v [batch, num_kv_heads,
/// seq_len, head_dim].
struct LIGHTHOUSE_API Spec {
  OpKind op = OpKind::Attention;
  DType dtype = DType::Float32;
  Scorer scorer = Scorer::Norm;
  /// With Scorer::Expression a token's score as a query and as a key, of its query q and key k, vectors of head_dim
  /// numbers: "sum(q * q), max(abs(k))". Arithmetic is float32; sum, mean and norm are taken in float64 and rounded
  /// once. There are + - * /, constants, abs, exp, log, sqrt, square, maximum(x, y), minimum(x, y), and over all
  /// elements sum, mean, max, min, norm. With num_kv_heads below num_heads the score as a key reads k only.
  std::string expression = "";
  int64_t batch = 1;
  int64_t num_heads = 1;
  int64_t num_kv_heads = 1;   ///< divides num_heads; query head h reads key head h / (num_heads / num_kv_heads)
  int64_t seq_len = 0;        ///< N, tokens; any length
  int64_t head_dim = 0;       ///< D, a multiple of 8, at most 256
  int64_t num_levels = 1;     ///< L, 1 to 8; 1 is plain causal attention and ignores pooling_factor and topk
  int64_t pooling_factor = 2; ///< p, a power of two, 2 to 64
  int64_t topk = 128;         ///< K, a multiple of 128: entries kept at each level but the finest, over all tiles
  double scale = 0.0;         ///< softmax scale, of scoring too; 0 means 1/sqrt(head_dim)
  int64_t dilation = 4;       ///< r, residue classes of Scorer::Dilated and Gla, 1 to seq_len; others ignore it
  /// Whether each run gives its length: seq_len is the most tokens, leastLength() the fewest. Runs equal those of ops
  /// with that seq_len. Attention only.
  bool varlen = false;

  /// Sets scorer and expression from one text: the name of a scorer, or an expression.
  void setScorer(const std::string &text);
  /// The text that gives the same scorer: its name, or the canonical expression.
  std::string scorerText() const;

  /// Throws InvalidArgument unless every field and their combination is allowed.
  void validate() const;

  /// Softmax scale in force.
  double effectiveScale() const;
  /// T = K / 128, selection tiles.
  int64_t numTiles() const;
  /// N', seq_len rounded up to a multiple of p^(L-1) * T.
  int64_t paddedLength() const;
  /// The fewest tokens that have the same padded length; 1 with one level, where any have the same code.
  int64_t leastLength() const;
  /// S, rows of the sub-sequence: N'/p^(L-1) + (L-1) * p * K.
  int64_t subsequenceLength() const;
  /// Tokens a selection tile covers: N' / T. A token changes no output before the start of its tile.
  int64_t tileLength() const;
  /// One line, all fields (varlen where it is set): the identity of the spec in cache keys and messages.
  std::string str() const;

  bool operator==(const Spec &) const = default;
};

LIGHTHOUSE_API const char *name(DType dtype);
LIGHTHOUSE_API const char *name(Scorer scorer);
LIGHTHOUSE_API const char *name(OpKind op);
/// Bytes of one element.
LIGHTHOUSE_API int64_t sizeOf(DType dtype);

} // namespace lighthouse
