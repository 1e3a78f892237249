// SPDX-License-Identifier: Apache-2.0
//
// Lighthouse Attention from C++: compiles a spec, runs forward and backward on random data, and checks two properties
// of the result that need no reference.
#include "lighthouse_ops/Op.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>

using lighthouse::Argument;
using lighthouse::Direction;
using Tensors = std::map<std::string, std::vector<float>>; // indices (int32) lie in floats: both have four bytes

static int64_t countOf(const Argument &argument) {
  int64_t count = 1;
  for (int64_t size : argument.shape)
    count *= size;
  return count;
}

/// Runs one function on row-major tensors found by name; outputs, and what backward needs of forward, join them.
static void run(const lighthouse::Op &op, Direction direction, Tensors &tensors) {
  const lighthouse::Signature &signature = op.signature(direction);
  std::vector<lighthouse::TensorRef> arguments;
  for (const Argument &argument : signature.arguments) {
    std::vector<float> &data = tensors[argument.name];
    if (argument.is_output)
      data.resize(countOf(argument));
    lighthouse::TensorRef &tensor = arguments.emplace_back();
    tensor.data = data.data();
    int64_t step = 1;
    for (size_t dim = argument.shape.size(); dim-- > 0; step *= argument.shape[dim])
      tensor.strides[dim] = step;
  }
  // The workspace is ours to give; 64-byte aligned, its size known from the spec.
  size_t bytes = (signature.workspace_bytes + 63) / 64 * 64;
  std::unique_ptr<void, void (*)(void *)> workspace(std::aligned_alloc(64, bytes), std::free);
  op.run(direction, arguments, workspace.get());
}

static double dot(const std::vector<float> &a, const std::vector<float> &b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += double(a[i]) * b[i];
  return sum;
}

/// Changing tokens of the second selection tile must not change any output in the first.
static bool isCausal(const lighthouse::Op &op, Tensors tensors) {
  const lighthouse::Spec &spec = op.spec();
  std::vector<float> before = tensors["out"];
  int64_t row_count = spec.seq_len, dim = spec.head_dim, boundary = spec.tileLength();
  for (const char *name : {"q", "k", "v"})
    for (size_t i = 0; i < tensors[name].size(); ++i)
      if (static_cast<int64_t>(i) / dim % row_count >= boundary)
        tensors[name][i] *= -2;
  run(op, Direction::Forward, tensors);
  bool changed_later = false;
  for (size_t i = 0; i < before.size(); ++i) {
    bool changed = before[i] != tensors["out"][i];
    bool later = static_cast<int64_t>(i) / dim % row_count >= boundary;
    if (changed && !later)
      return false;
    changed_later |= changed;
  }
  return changed_later; // else nothing was tested
}

/// The output is linear in v, as the selection does not read v: <dout, out> = <dv, v>.
static bool gradientFits(const Tensors &tensors) {
  double left = dot(tensors.at("dout"), tensors.at("out")), right = dot(tensors.at("dv"), tensors.at("v"));
  std::printf("<dout, out> = %.6f, <dv, v> = %.6f\n", left, right);
  double size = std::sqrt(dot(tensors.at("dout"), tensors.at("dout")) * dot(tensors.at("out"), tensors.at("out")));
  return std::abs(left - right) <= 1e-6 * size && right != 0;
}

int main() try {
  const lighthouse::Spec spec = {.num_heads = 4,
                                 .num_kv_heads = 2,
                                 .seq_len = 5000,
                                 .head_dim = 64,
                                 .num_levels = 3,
                                 .pooling_factor = 4,
                                 .topk = 256};
  auto op = lighthouse::Op::get(spec);
  std::printf("lighthouse %s: %s\n", lighthouse::version(), op->spec().str().c_str());
  std::printf("%lld tokens attend as %lld rows\n", static_cast<long long>(spec.seq_len),
              static_cast<long long>(spec.subsequenceLength()));

  std::mt19937 engine(1); // NOLINT(bugprone-random-generator-seed): the same numbers in every run
  std::normal_distribution<float> normal;
  Tensors tensors;
  for (auto [name, heads] : {std::pair("q", spec.num_heads), std::pair("k", spec.num_kv_heads),
                             std::pair("v", spec.num_kv_heads), std::pair("dout", spec.num_heads)})
    for (int64_t i = 0; i < heads * spec.seq_len * spec.head_dim; ++i)
      tensors[name].push_back(normal(engine));
  run(*op, Direction::Forward, tensors);
  run(*op, Direction::Backward, tensors);

  bool fits = gradientFits(tensors), causal = isCausal(*op, tensors);
  std::printf("gradient of v: %s\ncausality: %s\n", fits ? "ok" : "WRONG", causal ? "ok" : "WRONG");
  return fits && causal ? 0 : 1;
} catch (const std::exception &error) { // InvalidArgument or CompileError
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
