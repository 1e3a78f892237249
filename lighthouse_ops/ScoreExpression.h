// SPDX-License-Identifier: Apache-2.0
//
// ScoreExpression: a token's scores as the user wrote them, "sum(q * q), max(abs(k))".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lighthouse {

/// Characters that an expression may have.
inline constexpr size_t kMaxExpression = 2000;

/// Two expressions of a token's query q and key k, vectors of D numbers: its score as a query and as a key, numbers.
///
///     + - * /, -x, constants             of numbers and vectors, element by element
///     abs exp log sqrt square            of each element
///     maximum(x, y) minimum(x, y)        element by element; NaN where one is
///     sum mean max min norm              of a vector's elements: a number
///
/// Arithmetic is float32. sum, mean and norm are taken in float64 and rounded once.
struct ScoreExpression {
  enum class Kind : uint8_t {
    Query,
    Key,
    Constant,
    Negate,
    Abs,
    Exp,
    Log,
    Sqrt,
    Square,
    Sum,
    Mean,
    Max,
    Min,
    Norm,
    Maximum,
    Minimum,
    Add,
    Sub,
    Mul,
    Div
  };

  struct Node {
    Kind kind;
    float constant = 0;
    int left = -1, right = -1; ///< numbers of the nodes that it reads, or -1
    bool is_vector = false;
    bool operator==(const Node &) const = default;
  };

  std::vector<Node> nodes; ///< each behind those that it reads, and none twice
  int query_score = -1, key_score = -1;

  /// Throws InvalidArgument that says what it found, where, and what is allowed.
  static ScoreExpression parse(std::string_view text);
  /// The canonical text: the same for texts that differ in spaces, needless parentheses and the writing of numbers.
  std::string str() const;
  /// Whether the score depends on the query or the key.
  bool reads(int score, Kind argument) const;
};

} // namespace lighthouse
