// SPDX-License-Identifier: Apache-2.0
//
// ScoreExpression: parsing by recursive descent, and printing with no parenthesis too many.
#include "lighthouse_ops/ScoreExpression.h"

#include "lighthouse_ops/Spec.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <span>

namespace lighthouse {

namespace {

using Kind = ScoreExpression::Kind;
using Node = ScoreExpression::Node;

struct Function {
  std::string_view name;
  Kind kind;
};

constexpr Function kFunctions[] = {
    {"abs", Kind::Abs},       {"exp", Kind::Exp},   {"log", Kind::Log},         {"sqrt", Kind::Sqrt},
    {"square", Kind::Square}, {"sum", Kind::Sum},   {"mean", Kind::Mean},       {"max", Kind::Max},
    {"min", Kind::Min},       {"norm", Kind::Norm}, {"maximum", Kind::Maximum}, {"minimum", Kind::Minimum},
};
constexpr std::string_view kAllowed = "q, k, numbers, + - * /, abs, exp, log, sqrt, square, maximum(x, y), "
                                      "minimum(x, y), sum, mean, max, min, norm";

bool isReduction(Kind kind) { return kind >= Kind::Sum && kind <= Kind::Norm; }
bool hasTwo(Kind kind) { return kind >= Kind::Maximum; }
bool isOfName(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isOfNumber(char c) { return (c >= '0' && c <= '9') || c == '.'; }

class Parser {
public:
  explicit Parser(std::string_view text) : text(text) {}

  ScoreExpression run() {
    if (text.size() > kMaxExpression)
      throw InvalidArgument(
          fmt::format("scorer: expects expressions of at most {} characters, but got {}", kMaxExpression, text.size()));
    result.query_score = score("query");
    if (!take(','))
      fail("a comma and then the score as a key");
    result.key_score = score("key");
    skipSpaces();
    if (at != text.size())
      fail("an end after two scores");
    return std::move(result);
  }

private:
  [[noreturn]] void fail(std::string_view expected) {
    skipSpaces();
    std::string_view rest = text.substr(at);
    size_t length = std::min<size_t>(rest.size(), 1);
    while (length > 0 && length < rest.size() && isOfName(rest[0]) && isOfName(rest[length]))
      ++length;
    std::string found =
        rest.empty() ? "the end"
        : rest[0] < ' ' || rest[0] > '~'
            ? fmt::format("the byte {:#04x} at character {}", static_cast<unsigned char>(rest[0]), at + 1)
            : fmt::format("'{}' at character {}", rest.substr(0, length), at + 1);
    throw InvalidArgument(fmt::format("scorer: expects {}, but got {} of '{}'", expected, found, text));
  }

  void skipSpaces() { at = std::min(text.find_first_not_of(" \t\n", at), text.size()); }
  char peek() {
    skipSpaces();
    return at < text.size() ? text[at] : '\0';
  }
  bool take(char c) {
    if (peek() != c)
      return false;
    ++at;
    return true;
  }

  int score(std::string_view of) {
    int node = sum();
    if (result.nodes[node].is_vector)
      throw InvalidArgument(
          fmt::format("scorer: expects the score as a {} to be a number, but got a vector of head_dim "
                      "elements in '{}'; sum, mean, max, min or norm makes a number of it",
                      of, text));
    return node;
  }

  int sum() {
    int left = product();
    for (char c = peek(); c == '+' || c == '-'; c = peek()) {
      ++at;
      left = add(c == '+' ? Kind::Add : Kind::Sub, left, product());
    }
    return left;
  }
  int product() {
    int left = factor();
    for (char c = peek(); c == '*' || c == '/'; c = peek()) {
      ++at;
      left = add(c == '*' ? Kind::Mul : Kind::Div, left, factor());
    }
    return left;
  }
  int factor() {
    if (!take('-'))
      return atom();
    int node = factor();
    if (result.nodes[node].kind == Kind::Constant)
      return addNode({.kind = Kind::Constant, .constant = -result.nodes[node].constant});
    return add(Kind::Negate, node);
  }
  int atom() {
    char c = peek();
    if (isOfNumber(c))
      return number();
    if (isOfName(c))
      return named();
    if (!take('('))
      fail(fmt::format("one of {}", kAllowed));
    int node = sum();
    close();
    return node;
  }
  void close() {
    if (!take(')'))
      fail("a closing parenthesis");
  }

  int number() {
    float value = 0;
    auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), value);
    if (error != std::errc())
      fail("a number that float32 holds");
    at = end - text.data();
    return addNode({.kind = Kind::Constant, .constant = value});
  }

  int named() {
    size_t begin = at, end = at;
    while (end < text.size() && isOfName(text[end]))
      ++end;
    std::string_view name = text.substr(begin, end - begin);
    if (name == "q" || name == "k") {
      at = end;
      return addNode({.kind = name == "q" ? Kind::Query : Kind::Key, .is_vector = true});
    }
    const auto *function = std::ranges::find(kFunctions, name, &Function::name);
    if (function == std::end(kFunctions))
      fail(fmt::format("one of {}", kAllowed));
    at = end;
    if (!take('('))
      fail(fmt::format("an opening parenthesis after {}", name));
    int left = sum(), right = -1;
    if (hasTwo(function->kind)) {
      if (!take(','))
        fail(fmt::format("a comma, as {} takes two values", name));
      right = sum();
    }
    close();
    if (isReduction(function->kind) && !result.nodes[left].is_vector)
      throw InvalidArgument(fmt::format("scorer: expects {} of a vector, but got a number in '{}'", name, text));
    return add(function->kind, left, right);
  }

  int add(Kind kind, int left, int right = -1) {
    bool is_vector = result.nodes[left].is_vector || (right >= 0 && result.nodes[right].is_vector);
    return addNode({.kind = kind, .left = left, .right = right, .is_vector = is_vector && !isReduction(kind)});
  }

  /// What is there already is not computed twice.
  int addNode(const Node &node) {
    auto same = [&](const Node &other) {
      return other == node && std::signbit(other.constant) == std::signbit(node.constant);
    };
    auto found = std::ranges::find_if(result.nodes, same);
    if (found == result.nodes.end())
      found = result.nodes.insert(found, node);
    return static_cast<int>(found - result.nodes.begin());
  }

  std::string_view text;
  size_t at = 0;
  ScoreExpression result;
};

/// What binds tighter is larger.
enum Precedence { kSum, kProduct, kFactor };

Precedence precedence(const Node &node) {
  switch (node.kind) {
  case Kind::Add:
  case Kind::Sub:
    return kSum;
  case Kind::Mul:
  case Kind::Div:
    return kProduct;
  default:
    return kFactor;
  }
}

std::string print(std::span<const Node> nodes, int number) {
  const Node &node = nodes[number];
  auto operand = [&](int which, Precedence least) {
    std::string text = print(nodes, which);
    return precedence(nodes[which]) < least ? "(" + text + ")" : text;
  };
  auto binary = [&](char sign) {
    Precedence own = precedence(node);
    return fmt::format("{} {} {}", operand(node.left, own), sign,
                       operand(node.right, static_cast<Precedence>(own + 1)));
  };
  switch (node.kind) {
  case Kind::Query:
    return "q";
  case Kind::Key:
    return "k";
  case Kind::Constant:
    return fmt::format("{}", node.constant);
  case Kind::Negate:
    return "-" + operand(node.left, kFactor);
  case Kind::Add:
    return binary('+');
  case Kind::Sub:
    return binary('-');
  case Kind::Mul:
    return binary('*');
  case Kind::Div:
    return binary('/');
  default:
    break;
  }
  std::string_view name = std::ranges::find(kFunctions, node.kind, &Function::kind)->name;
  std::string right = node.right >= 0 ? ", " + print(nodes, node.right) : "";
  return fmt::format("{}({}{})", name, print(nodes, node.left), right);
}

} // namespace

ScoreExpression ScoreExpression::parse(std::string_view text) { return Parser(text).run(); }

std::string ScoreExpression::str() const { return print(nodes, query_score) + ", " + print(nodes, key_score); }

bool ScoreExpression::reads(int score, Kind argument) const {
  const Node &node = nodes[score];
  return node.kind == argument || (node.left >= 0 && reads(node.left, argument)) ||
         (node.right >= 0 && reads(node.right, argument));
}

} // namespace lighthouse
