// SPDX-License-Identifier: Apache-2.0
//
// Op through the public API: results against a plain reference, where code comes from, and what `run` refuses.
#include "lighthouse_ops/Op.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <new>
#include <random>
#include <thread>

using namespace lighthouse;

namespace {

int64_t countOf(const Argument &argument) {
  int64_t count = 1;
  for (int64_t size : argument.shape)
    count *= size;
  return count;
}

/// Tensors by name; int32 ones bit by bit in floats, as both have four bytes.
using Values = std::map<std::string, std::vector<float>>;

struct Workspace {
  explicit Workspace(int64_t bytes) : data(::operator new(bytes + 1, std::align_val_t(64))) {}
  ~Workspace() { ::operator delete(data, std::align_val_t(64)); }
  void *data;
};

/// Row-major strides.
std::array<int64_t, 4> stridesOf(const std::vector<int64_t> &shape) {
  std::array<int64_t, 4> strides{};
  int64_t step = 1;
  for (size_t dim = shape.size(); dim-- > 0; step *= shape[dim])
    strides[dim] = step;
  return strides;
}

/// References to what the signature asks for, in its order; outputs are made.
std::vector<TensorRef> tensorsFor(const Signature &signature, Values &values) {
  std::vector<TensorRef> tensors;
  for (const Argument &argument : signature.arguments) {
    if (argument.is_output)
      values[argument.name].assign(countOf(argument), NAN);
    EXPECT_EQ(values[argument.name].size(), static_cast<size_t>(countOf(argument))) << argument.name;
    tensors.push_back({values[argument.name].data(), stridesOf(argument.shape)});
  }
  return tensors;
}

/// Runs a float32 op on row-major tensors; its outputs join `values`.
void runOn(const Op &op, Direction direction, Values &values, int num_threads = 0) {
  const Signature &signature = op.signature(direction);
  Workspace workspace(signature.workspace_bytes);
  op.run(direction, tensorsFor(signature, values), workspace.data, {.num_threads = num_threads});
}

/// Normally distributed q, k, v and dout.
Values randomInputs(const Spec &spec) {
  std::mt19937 engine(7); // NOLINT(bugprone-random-generator-seed): the same numbers in every run
  std::normal_distribution<float> normal;
  Values values;
  for (auto [name, heads] : {std::pair("q", spec.num_heads), std::pair("k", spec.num_kv_heads),
                             std::pair("v", spec.num_kv_heads), std::pair("dout", spec.num_heads)}) {
    std::vector<float> &data = values[name];
    data.resize(spec.batch * heads * spec.seq_len * spec.head_dim);
    std::generate(data.begin(), data.end(), [&] { return normal(engine); });
  }
  return values;
}

/// Plain causal attention and its gradients in double precision, one query row at a time.
class Reference {
public:
  Reference(const Spec &spec, const Values &inputs) : spec(spec), in(inputs) {
    for (const char *name : {"q", "k", "v"})
      out["d" + std::string(name)].assign(in.at(name).size(), 0.0);
    out["out"].assign(in.at("q").size(), 0.0);
    for (int64_t b = 0; b < spec.batch; ++b)
      for (int64_t h = 0; h < spec.num_heads; ++h)
        for (int64_t row = 0; row < spec.seq_len; ++row)
          addRow(b, h, row);
  }

  std::map<std::string, std::vector<double>> out;

private:
  int64_t at(int64_t b, int64_t heads, int64_t h, int64_t row) const {
    return ((b * heads + h) * spec.seq_len + row) * spec.head_dim;
  }

  void addRow(int64_t b, int64_t h, int64_t row) {
    const std::vector<float> &q = in.at("q"), &k = in.at("k"), &v = in.at("v"), &dout = in.at("dout");
    int64_t kv = h / (spec.num_heads / spec.num_kv_heads), mine = at(b, spec.num_heads, h, row);
    auto dot = [&](const std::vector<float> &x, const std::vector<float> &y, int64_t j) {
      double sum = 0;
      for (int64_t d = 0; d < spec.head_dim; ++d)
        sum += double(x[mine + d]) * y[at(b, spec.num_kv_heads, kv, j) + d];
      return sum;
    };
    std::vector<double> p(row + 1), dp(row + 1);
    double denominator = 0, mean = 0;
    for (int64_t j = 0; j <= row; ++j) {
      p[j] = std::exp(spec.effectiveScale() * dot(q, k, j));
      dp[j] = dot(dout, v, j);
      denominator += p[j];
    }
    for (int64_t j = 0; j <= row; ++j) {
      p[j] /= denominator;
      mean += p[j] * dp[j];
    }
    out["lse"].push_back(std::log(denominator));
    for (int64_t j = 0; j <= row; ++j) {
      int64_t theirs = at(b, spec.num_kv_heads, kv, j);
      double ds = spec.effectiveScale() * p[j] * (dp[j] - mean);
      for (int64_t d = 0; d < spec.head_dim; ++d) {
        out["out"][mine + d] += p[j] * v[theirs + d];
        out["dq"][mine + d] += ds * k[theirs + d];
        out["dk"][theirs + d] += ds * q[mine + d];
        out["dv"][theirs + d] += p[j] * dout[mine + d];
      }
    }
  }

  const Spec &spec;
  const Values &in;
};

/// Largest difference, relative to the largest expected value.
double relativeError(const std::vector<float> &got, const std::vector<double> &expected) {
  EXPECT_EQ(got.size(), expected.size());
  double worst = 0, largest = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    // Not a number counts as infinitely wrong.
    double difference = std::abs(got[i] - expected[i]);
    worst = difference <= worst ? worst : std::isnan(difference) ? INFINITY : difference;
    largest = std::max(largest, std::abs(expected[i]));
  }
  return worst / largest;
}

double dot(const std::vector<float> &a, const std::vector<float> &b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += double(a[i]) * b[i];
  return sum;
}

double norm(const std::vector<float> &a) { return std::sqrt(dot(a, a)); }

std::string refusalOf(const std::function<void()> &body) {
  try {
    body();
  } catch (const InvalidArgument &error) {
    return error.what();
  }
  return "allowed";
}

Spec oneLevel() { return {.batch = 2, .num_heads = 4, .num_kv_heads = 2, .seq_len = 77, .head_dim = 24}; }

Spec threeLevels() {
  return {.num_heads = 4, .num_kv_heads = 2, .seq_len = 1100, .head_dim = 32, .num_levels = 3, .topk = 256};
}

/// Each test has a disk cache of its own and starts without ops in memory.
class OpTest : public testing::Test {
protected:
  void SetUp() override {
    char pattern[] = "/tmp/lighthouse-op-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    folder = pattern;
    setenv("LIGHTHOUSE_CACHE_DIR", folder.c_str(), 1);
    unsetenv("LIGHTHOUSE_CACHE");
    clearMemoryCache();
  }
  void TearDown() override {
    clearMemoryCache();
    unsetenv("LIGHTHOUSE_CACHE_DIR");
    unsetenv("LIGHTHOUSE_CACHE");
    std::filesystem::remove_all(folder);
  }

  std::string folder;
};

} // namespace

TEST_F(OpTest, OneLevelIsPlainAttention) {
  Spec spec = oneLevel();
  auto op = Op::get(spec);
  Values values = randomInputs(spec);
  runOn(*op, Direction::Forward, values);
  runOn(*op, Direction::Backward, values);
  Reference reference(spec, values);
  for (const char *name : {"out", "lse", "dq", "dk", "dv"})
    EXPECT_LT(relativeError(values[name], reference.out[name]), 2e-6) << name;
}

/// Row-major [B, X, Y, D] as row-major [B, Y, X, D].
static std::vector<float> swapInner(const std::vector<float> &data, int64_t x, int64_t y, int64_t dim) {
  std::vector<float> result(data.size());
  for (size_t n = 0; n < data.size(); ++n) {
    int64_t d = n % dim, row = n / dim % y, column = n / dim / y % x, b = n / dim / y / x;
    result[((b * y + row) * x + column) * dim + d] = data[n];
  }
  return result;
}

/// Strided arguments as [batch, seq_len, heads, head_dim] give the same bits, and nothing beside an output is written,
/// though its memory is scratch before.
TEST_F(OpTest, StridedArgumentsAreUsedInPlace) {
  constexpr float kGuard = 12345.0F;
  constexpr int64_t kGuards = 64;
  for (const Spec &spec : {oneLevel(), threeLevels()}) {
    auto op = Op::get(spec);
    Values values = randomInputs(spec);
    for (Direction direction : {Direction::Forward, Direction::Backward}) {
      runOn(*op, direction, values, 2);
      const Signature &signature = op->signature(direction);
      std::map<std::string, std::vector<float>> memory;
      std::vector<TensorRef> tensors;
      for (const Argument &argument : signature.arguments) {
        std::vector<float> &data = memory[argument.name];
        data = values[argument.name];
        std::array<int64_t, 4> strides{};
        if (argument.strided) {
          int64_t heads = argument.shape[1], rows = argument.shape[2], dim = argument.shape[3];
          strides = {rows * heads * dim, dim, heads * dim, 1};
          data = swapInner(data, heads, rows, dim);
        }
        if (argument.is_output)
          data.assign(data.size(), NAN);
        data.insert(data.begin(), kGuards, kGuard);
        data.insert(data.end(), kGuards, kGuard);
        tensors.push_back({data.data() + kGuards, strides});
      }
      Workspace workspace(signature.workspace_bytes);
      op->run(direction, tensors, workspace.data, {.num_threads = 2});
      for (const Argument &argument : signature.arguments) {
        std::vector<float> &data = memory[argument.name];
        EXPECT_EQ(std::count(data.begin(), data.begin() + kGuards, kGuard), kGuards) << argument.name;
        EXPECT_EQ(std::count(data.end() - kGuards, data.end(), kGuard), kGuards) << argument.name;
        std::vector<float> result(data.begin() + kGuards, data.end() - kGuards);
        if (argument.strided)
          result = swapInner(result, argument.shape[2], argument.shape[1], argument.shape[3]);
        const std::vector<float> &expected = values[argument.name];
        EXPECT_EQ(std::memcmp(result.data(), expected.data(), expected.size() * sizeof(float)), 0) << argument.name;
      }
    }
  }
}

/// The selection reads no values, so out is linear in v, and its gradient must pair with v as dout does with out.
TEST_F(OpTest, GradientOfValuesIsTheAdjoint) {
  Spec spec = threeLevels();
  auto op = Op::get(spec);
  Values values = randomInputs(spec);
  runOn(*op, Direction::Forward, values);
  runOn(*op, Direction::Backward, values);
  double expected = dot(values["dout"], values["out"]);
  EXPECT_GT(norm(values["dv"]), 0);
  EXPECT_NEAR(dot(values["dv"], values["v"]), expected, 1e-6 * norm(values["dout"]) * norm(values["out"]));
}

TEST_F(OpTest, ThreadsDoNotChangeABit) {
  Spec spec = threeLevels();
  auto op = Op::get(spec);
  Values one = randomInputs(spec), four = one;
  for (Direction direction : {Direction::Forward, Direction::Backward}) {
    runOn(*op, direction, one, 1);
    runOn(*op, direction, four, 4);
  }
  for (const auto &[name, data] : one)
    EXPECT_EQ(std::memcmp(data.data(), four[name].data(), data.size() * sizeof(float)), 0) << name;
}

TEST_F(OpTest, CodeComesFromMemoryDiskOrTheCompiler) {
  Spec spec = oneLevel();
  auto compiled = Op::get(spec);
  EXPECT_EQ(compiled->origin(), Origin::Compiled);
  EXPECT_EQ(Op::get(spec), compiled);

  clearMemoryCache();
  auto loaded = Op::get(spec);
  EXPECT_NE(loaded, compiled);
  EXPECT_EQ(loaded->origin(), Origin::Disk);
  Values a = randomInputs(spec), b = a;
  runOn(*compiled, Direction::Forward, a);
  runOn(*loaded, Direction::Forward, b);
  EXPECT_EQ(a["out"], b["out"]);

  clearMemoryCache();
  setenv("LIGHTHOUSE_CACHE", "0", 1);
  EXPECT_EQ(Op::get(spec)->origin(), Origin::Compiled);
}

TEST_F(OpTest, IgnoredFieldsShareAnOp) {
  Spec spec = oneLevel(), other = spec;
  other.topk = 4096;
  other.pooling_factor = 16;
  EXPECT_EQ(Op::get(spec), Op::get(other));
  other.seq_len += 1;
  EXPECT_NE(Op::get(spec), Op::get(other));
}

TEST_F(OpTest, ThreadsAskingForOneSpecGetOneObject) {
  std::vector<std::shared_ptr<const Op>> ops(8);
  std::vector<std::thread> threads;
  threads.reserve(ops.size());
  for (auto &op : ops)
    threads.emplace_back([&op] { op = Op::get(oneLevel()); });
  for (std::thread &thread : threads)
    thread.join();
  for (auto &op : ops)
    EXPECT_EQ(op, ops[0]);
  EXPECT_EQ(ops[0]->origin(), Origin::Compiled);
}

/// "q k v -> out lse"
static std::string namesOf(const Signature &signature) {
  std::string inputs, outputs;
  for (const Argument &argument : signature.arguments)
    (argument.is_output ? outputs : inputs) += argument.name + " ";
  return inputs + "-> " + outputs;
}

TEST_F(OpTest, SignaturesHoldEveryName) {
  Spec spec = threeLevels();
  auto names = [&](OpKind kind, Direction direction) {
    spec.op = kind;
    return namesOf(Op::get(spec)->signature(direction));
  };
  EXPECT_EQ(names(OpKind::Attention, Direction::Forward), "q k v -> out indices lse qs ks vs os ");
  EXPECT_EQ(names(OpKind::Attention, Direction::Backward), "dout indices qs ks vs os lse -> dq dk dv ");
  EXPECT_EQ(names(OpKind::Gather, Direction::Forward), "q k v -> qs ks vs indices ");
  EXPECT_EQ(names(OpKind::Gather, Direction::Backward), "dqs dks dvs indices -> dq dk dv ");
  EXPECT_EQ(names(OpKind::Scatter, Direction::Forward), "os indices -> out ");
  EXPECT_EQ(names(OpKind::Scatter, Direction::Backward), "dout indices -> dos ");

  const Argument indices = Op::get(spec)->signature(Direction::Forward).arguments[1];
  EXPECT_EQ(indices.dtype, "int32");
  EXPECT_EQ(indices.shape, (std::vector<int64_t>{1, 4, spec.subsequenceLength()}));
  EXPECT_FALSE(indices.strided);
}

TEST_F(OpTest, LogGatesAreAnInputOfForward) {
  Spec spec = threeLevels();
  spec.scorer = Scorer::Gla;
  auto op = Op::get(spec);
  EXPECT_EQ(namesOf(op->signature(Direction::Forward)), "q k v g -> out indices lse qs ks vs os ");
  EXPECT_EQ(namesOf(op->signature(Direction::Backward)), "dout indices qs ks vs os lse -> dq dk dv ");
  const Argument gates = op->signature(Direction::Forward).arguments[3];
  EXPECT_EQ(gates.dtype, "float32");
  EXPECT_EQ(gates.shape, (std::vector<int64_t>{1, 4, spec.seq_len}));
  EXPECT_FALSE(gates.strided);
  spec.num_levels = 1;
  EXPECT_EQ(namesOf(Op::get(spec)->signature(Direction::Forward)), "q k v -> out lse ") << "one level has no scores";
}

TEST_F(OpTest, RunRefusesWhatItCannotUse) {
  auto op = Op::get(threeLevels());
  Values values = randomInputs(threeLevels());
  const Signature &signature = op->signature(Direction::Forward);
  ASSERT_GT(signature.workspace_bytes, 0);
  Workspace workspace(signature.workspace_bytes);
  const std::vector<TensorRef> good = tensorsFor(signature, values);
  auto refusal = [&](const std::vector<TensorRef> &tensors, void *memory, int num_threads = 0) {
    return refusalOf([&] { op->run(Direction::Forward, tensors, memory, {.num_threads = num_threads}); });
  };
  EXPECT_EQ(refusal(good, workspace.data), "allowed");

  std::vector<TensorRef> bad(good.begin(), good.end() - 1);
  EXPECT_EQ(refusal(bad, workspace.data),
            "tensors: expects 10 for forward (q, k, v, out, indices, lse, qs, ks, vs, os), but got 9");
  bad = good;
  bad[1].data = nullptr;
  EXPECT_EQ(refusal(bad, workspace.data), "k: expects the address of its elements, but got a null pointer");
  bad = good;
  bad[2].strides[3] = 2;
  EXPECT_EQ(refusal(bad, workspace.data),
            "v: expects its last dimension to be contiguous (stride 1), but got stride 2");
  bad = good;
  bad[0].data = reinterpret_cast<char *>(bad[0].data) + 2;
  EXPECT_EQ(refusal(bad, workspace.data), "q: expects an address that is a multiple of 4, but got one 2 above");
  EXPECT_EQ(refusal(good, nullptr),
            "workspace: expects " + std::to_string(signature.workspace_bytes) + " bytes, but got a null pointer");
  EXPECT_EQ(refusal(good, static_cast<char *>(workspace.data) + 32),
            "workspace: expects an address that is a multiple of 64, but got one 32 above");
  EXPECT_EQ(refusal(good, workspace.data, -1), "num_threads: expects at least 1, or 0 for the default, but got -1");
}

TEST_F(OpTest, LaunchesTellWhatTheyCost) {
  // 1,104 padded tokens, levels of 552 and 276 windows; 276 + 2 * 2 * 256 = 1,300 rows.
  auto op = Op::get(threeLevels());
  std::map<std::string, LaunchInfo> launches;
  for (Direction direction : {Direction::Forward, Direction::Backward})
    for (const LaunchInfo &launch : op->launches(direction))
      launches[launch.kernel] = launch;
  constexpr double rows = 1300, pairs = rows * (rows + 1) / 2, q_heads = 4, kv_heads = 2, all = 8, dim = 32;
  constexpr int64_t row = 4 * 32, coarse = 552 + 276, selected = 1300, entries = 1104 + coarse;
  EXPECT_EQ(launches["forward_pool_score"].moved_bytes, 8 * (1100 + coarse) * row + 6 * coarse * 4);
  EXPECT_EQ(launches["forward_pool_score"].flops, dim * ((1104 + 552) * all + 2 * 1100 * (q_heads + kv_heads)));
  EXPECT_EQ(launches["forward_gather"].moved_bytes, 2 * 12 * selected * row + 4 * selected * 4);
  EXPECT_EQ(launches["forward_gather"].flops, 0);
  EXPECT_EQ(launches["forward_attend"].moved_bytes, 16 * selected * row + 4 * selected * 4);
  EXPECT_EQ(launches["forward_attend"].flops, 4 * pairs * dim * q_heads);
  EXPECT_EQ(launches["forward_scatter"].moved_bytes, 4 * (selected + 1100) * row + 4 * entries * 4);
  EXPECT_EQ(launches["forward_scatter"].flops, q_heads * dim * (1104 + 512 * 1 + 512 * 2));
  EXPECT_EQ(launches["backward_attend_backward"].flops, 10 * pairs * dim * q_heads);
  EXPECT_EQ(launches["backward_gather_backward_pool_backward_k"].flops, dim * (2 * 3 * 1100 * kv_heads + 4 * rows));
  EXPECT_EQ(launches["backward_gather_backward_pool_backward_q"].flops, dim * 2 * 3 * 1100 * q_heads);
}

TEST_F(OpTest, SignaturesNeedNoCode) {
  for (const Spec &spec : {threeLevels(), Spec{.dtype = DType::Float16, .seq_len = 100, .head_dim = 24},
                           Spec{.op = OpKind::Scatter, .seq_len = 900, .head_dim = 8, .num_levels = 2}}) {
    Signatures before = signatures(spec);
    auto op = Op::get(spec);
    EXPECT_EQ(op->origin(), Origin::Compiled) << "what came before stored nothing";
    EXPECT_EQ(before.forward, op->signature(Direction::Forward)) << spec.str();
    EXPECT_EQ(before.backward, op->signature(Direction::Backward)) << spec.str();
  }
  EXPECT_THROW(signatures(Spec{.seq_len = 0}), InvalidArgument);
}

TEST_F(OpTest, CostsOfAGpuNeedNone) {
  Spec spec{.dtype = DType::BFloat16, .num_heads = 2, .num_kv_heads = 2, .seq_len = 512, .head_dim = 16};
  LaunchCosts costs = launchCosts(spec, "sm_90a");
  ASSERT_EQ(costs.forward.size(), 1u);
  EXPECT_EQ(costs.forward[0].kernel, "forward_attend");
  EXPECT_EQ(costs.forward[0].flops, 2.0 * 512 * 513 * 16 * 2);
  EXPECT_EQ(costs.forward[0].items, 0) << "nothing is scheduled";
  EXPECT_EQ(costs.backward.back().kernel, "backward_attend_backward_joined");
  EXPECT_EQ(launchCosts(spec, "sm_80").backward.back().kernel, "backward_attend_backward_queries");
  EXPECT_THROW(launchCosts(spec, "sm_1"), InvalidArgument);
  spec.head_dim = 12;
  EXPECT_THROW(launchCosts(spec, "sm_90a"), InvalidArgument);
}

TEST_F(OpTest, LaunchByLaunchGivesTheSame) {
  auto op = Op::get(threeLevels());
  Values whole = randomInputs(threeLevels()), apart = whole;
  runOn(*op, Direction::Forward, whole);
  const Signature &signature = op->signature(Direction::Forward);
  Workspace workspace(signature.workspace_bytes);
  std::vector<TensorRef> tensors = tensorsFor(signature, apart);
  auto count = static_cast<int64_t>(op->launches(Direction::Forward).size());
  for (int64_t launch = 0; launch < count; ++launch)
    op->run(Direction::Forward, tensors, workspace.data, {.first_launch = launch, .end_launch = launch + 1});
  EXPECT_EQ(std::memcmp(whole["out"].data(), apart["out"].data(), whole["out"].size() * 4), 0);

  auto refusal = [&](int64_t first, int64_t end) {
    return refusalOf(
        [&] { op->run(Direction::Forward, tensors, workspace.data, {.first_launch = first, .end_launch = end}); });
  };
  EXPECT_EQ(refusal(2, 2), "allowed");
  EXPECT_EQ(refusal(3, 2), "launches: expects a range inside 0 to 5 for forward, but got 3 to 2");
  EXPECT_EQ(refusal(0, 6), "launches: expects a range inside 0 to 5 for forward, but got 0 to 6");
  EXPECT_EQ(refusal(-1, -1), "launches: expects a range inside 0 to 5 for forward, but got -1 to 5");
}

TEST_F(OpTest, OutputsWithGapsOrOverlapAreRefused) {
  Spec spec = threeLevels();
  spec.batch = 2;
  spec.dtype = DType::BFloat16;
  auto op = Op::get(spec);
  const Signature &signature = op->signature(Direction::Forward);
  Workspace workspace(signature.workspace_bytes);
  // More than is needed, so that a wrong strided run would stay inside.
  std::vector<std::vector<float>> memory;
  std::vector<TensorRef> good;
  for (const Argument &argument : signature.arguments) {
    memory.emplace_back(2 * countOf(argument) + 64);
    good.push_back({memory.back().data(), stridesOf(argument.shape)});
  }
  constexpr int64_t kOut = 3, kIndices = 4, kDim = 32, kRows = 1100, kHeads = 4;
  auto refusal = [&](const std::vector<TensorRef> &tensors) {
    return refusalOf([&] { op->run(Direction::Forward, tensors, workspace.data, {.num_threads = 1}); });
  };
  auto refusalWith = [&](std::array<int64_t, 4> strides) {
    std::vector<TensorRef> bad = good;
    bad[kOut].strides = strides;
    return refusal(bad);
  };
  EXPECT_EQ(refusal(good), "allowed");
  EXPECT_EQ(refusalWith({kHeads * kRows * kDim, kDim, kHeads * kDim, 1}), "allowed") << "heads inside tokens";
  EXPECT_EQ(refusalWith({kDim, 2 * kRows * kDim, 2 * kDim, 1}), "allowed") << "batch innermost";
  std::string rule = "out: expects the strides of an order of axes without gaps or overlap for [2, 4, 1100, 32], as an "
                     "output is scratch memory until it is written, but got ";
  EXPECT_EQ(refusalWith({2 * kHeads * kRows * kDim, kRows * kDim, kDim, 1}), rule + "[281600, 35200, 32, 1]")
      << "gaps between batch entries";
  EXPECT_EQ(refusalWith({kHeads * kRows * kDim * 2, kRows * kDim * 2, kDim * 2, 1}), rule + "[281600, 70400, 64, 1]")
      << "gaps between rows";
  EXPECT_EQ(refusalWith({kHeads * kRows * kDim, 0, kDim, 1}), rule + "[140800, 0, 32, 1]") << "expanded heads";
  EXPECT_EQ(refusalWith({kHeads * kRows * kDim, kRows * kDim, -kDim, 1}), rule + "[140800, 35200, -32, 1]");

  std::vector<TensorRef> bad = good;
  bad[kOut].data = static_cast<char *>(bad[kOut].data) + 2;
  EXPECT_EQ(refusal(bad), "out: expects an address that is a multiple of 4, but got one 2 above");
  bad = good;
  bad[kIndices].data = static_cast<char *>(bad[kOut].data) + 128;
  EXPECT_EQ(refusal(bad), "indices: expects memory of its own, but got an address 128 bytes behind that of out, which "
                          "has 563200 bytes");
}

TEST_F(OpTest, BadSpecsAreRefusedBeforeAnythingIsCompiled) {
  Spec spec = oneLevel();
  spec.head_dim = 12;
  EXPECT_NE(refusalOf([&] { Op::get(spec); }).find("head_dim"), std::string::npos);
  EXPECT_NE(refusalOf([&] { emit(spec, EmitStage::Stages); }).find("head_dim"), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(OpTest, EmitGivesEachStage) {
  const std::pair<EmitStage, const char *> expected[] = {{EmitStage::Stages, "lighthouse.attend_backward"},
                                                         {EmitStage::Fused, "lighthouse.kernel"},
                                                         {EmitStage::Loops, "vector<"},
                                                         {EmitStage::LLVM, "define void @"},
                                                         {EmitStage::Assembly, ".globl"}};
  for (auto [stage, text] : expected)
    EXPECT_NE(emit(oneLevel(), stage).find(text), std::string::npos) << text;
  EXPECT_TRUE(std::filesystem::is_empty(folder)) << "emit leaves the cache alone";
  std::string one = emit(oneLevel(), EmitStage::LLVM, "forward_attend");
  EXPECT_NE(one.find("@forward_attend("), std::string::npos);
  EXPECT_EQ(one.find("@backward"), std::string::npos);
}

TEST_F(OpTest, EmitOfAnUnknownKernelNamesThoseThereAre) {
  try {
    emit(oneLevel(), EmitStage::LLVM, "forward_nothing");
    FAIL() << "expects a refusal";
  } catch (const std::exception &error) {
    EXPECT_NE(
        std::string(error.what()).find("one of forward_attend, backward_attend_backward, but got forward_nothing"),
        std::string::npos)
        << error.what();
  }
}
