// SPDX-License-Identifier: Apache-2.0
//
// VarlenOp through the public API: packed documents give the bits of each by itself, and bad lists are refused.
#include "lighthouse_ops/VarlenOp.h"
#include "tests/unit/helpers.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <new>
#include <numeric>
#include <random>

using namespace lighthouse;

namespace {

using Values = std::map<std::string, std::vector<float>>;

struct Memory {
  explicit Memory(int64_t bytes) : data(::operator new(bytes + 1, std::align_val_t(64))) {}
  ~Memory() { ::operator delete(data, std::align_val_t(64)); }
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;
  void *data;
};

int64_t countOf(const Argument &argument) {
  return std::accumulate(argument.shape.begin(), argument.shape.end(), int64_t(1), std::multiplies<>());
}

/// Two levels of 2 over one tile: at least 255 tokens.
Spec packSpec(int64_t tokens) {
  return {.num_heads = 2, .num_kv_heads = 1, .seq_len = tokens, .head_dim = 8, .num_levels = 2};
}

/// Normally distributed q, k, v and dout, [tokens, heads, head_dim].
Values randomInputs(const Spec &spec) {
  std::mt19937 engine(7); // NOLINT(bugprone-random-generator-seed): the same numbers in every run
  std::normal_distribution<float> normal;
  Values values;
  for (auto [name, heads] : {std::pair("q", spec.num_heads), std::pair("k", spec.num_kv_heads),
                             std::pair("v", spec.num_kv_heads), std::pair("dout", spec.num_heads)}) {
    std::vector<float> &data = values[name];
    data.resize(spec.seq_len * heads * spec.head_dim);
    std::generate(data.begin(), data.end(), [&] { return normal(engine); });
  }
  return values;
}

/// Forward and backward; results join the values.
void runPack(const VarlenOp &op, Values &values) {
  Memory kept(op.signature(Direction::Backward).arguments[5].shape[0]);
  for (Direction direction : {Direction::Forward, Direction::Backward}) {
    const Signature &signature = op.signature(direction);
    Memory workspace(signature.workspace_bytes);
    std::vector<TensorRef> tensors;
    for (const Argument &argument : signature.arguments) {
      if (argument.name == "kept") {
        tensors.push_back({kept.data, {}});
        continue;
      }
      if (argument.is_output)
        values[argument.name].assign(countOf(argument), NAN);
      int64_t heads = argument.shape[1], dim = argument.shape[2];
      tensors.push_back({values[argument.name].data(), {heads * dim, dim, 1}});
    }
    op.run(direction, tensors, workspace.data);
  }
}

/// The same of one document by itself, read and written in place.
void runAlone(const Spec &spec, int64_t begin, Values &values) {
  auto op = Op::get(spec);
  std::map<std::string, std::unique_ptr<Memory>> kept;
  for (Direction direction : {Direction::Forward, Direction::Backward}) {
    const Signature &signature = op->signature(direction);
    Memory workspace(signature.workspace_bytes);
    std::vector<TensorRef> tensors;
    for (const Argument &argument : signature.arguments) {
      auto found = values.find(argument.name);
      if (found == values.end()) {
        auto &memory = kept[argument.name];
        if (!memory)
          memory = std::make_unique<Memory>(4 * countOf(argument));
        tensors.push_back({memory->data, {}});
        continue;
      }
      int64_t heads = argument.shape[1], dim = argument.shape[3];
      tensors.push_back({found->second.data() + begin * heads * dim, {0, dim, heads * dim, 1}});
    }
    op->run(direction, tensors, workspace.data);
  }
}

std::string refusalOf(const Spec &spec, const std::vector<int64_t> &cu_seqlens) {
  return thrown<InvalidArgument>([&] { VarlenOp::get(spec, cu_seqlens); });
}

} // namespace

TEST(VarlenOpTest, GivesTheBitsOfEachDocument) {
  const std::vector<int64_t> bounds = {0, 300, 301, 301, 600, 640};
  Spec spec = packSpec(bounds.back());
  Values packed = randomInputs(spec);
  runPack(*VarlenOp::get(spec, bounds), packed);
  Values alone = randomInputs(spec);
  for (auto [name, heads] : {std::pair("out", 2), std::pair("dq", 2), std::pair("dk", 1), std::pair("dv", 1)})
    alone[name].assign(spec.seq_len * heads * spec.head_dim, NAN);
  for (size_t i = 1; i < bounds.size(); ++i) {
    Spec one = spec;
    one.seq_len = bounds[i] - bounds[i - 1];
    if (one.seq_len == 0)
      continue;
    if (one.seq_len < 255)
      one.num_levels = 1;
    runAlone(one, bounds[i - 1], alone);
  }
  for (const char *name : {"out", "dq", "dk", "dv"})
    EXPECT_EQ(packed[name], alone[name]) << name;
}

TEST(VarlenOpTest, DocumentsOfOnePaddedLengthShareAnOp) {
  auto op = VarlenOp::get(packSpec(1053), std::vector<int64_t>{0, 299, 599, 599, 799, 1053});
  const std::vector<Document> &documents = op->documents();
  ASSERT_EQ(documents.size(), 4u);
  EXPECT_EQ(documents[0].op, documents[1].op);
  EXPECT_EQ(documents[2].op, documents[3].op);
  EXPECT_EQ(documents[0].op->spec().seq_len, 300);
  EXPECT_EQ(documents[0].op->spec().leastLength(), 299);
  EXPECT_EQ(documents[2].op->spec().num_levels, 1);
  EXPECT_EQ(documents[2].op->spec().seq_len, 256);
  EXPECT_EQ(documents[3].begin, 799);
  EXPECT_EQ(documents[3].length, 254);
  EXPECT_TRUE(op->readsTokens());
  EXPECT_FALSE(VarlenOp::get(packSpec(600), std::vector<int64_t>{0, 300, 600})->readsTokens());
}

TEST(VarlenOpTest, GatesComeBehindTheValues) {
  Spec spec = packSpec(330);
  spec.scorer = Scorer::Gla;
  auto op = VarlenOp::get(spec, std::vector<int64_t>{0, 300, 330});
  const Argument &gates = op->signature(Direction::Forward).arguments[3];
  EXPECT_EQ(gates.name, "g");
  EXPECT_EQ(gates.dtype, "float32");
  EXPECT_EQ(gates.shape, (std::vector<int64_t>{2, 330}));
  EXPECT_TRUE(gates.strided);
  EXPECT_EQ(op->signature(Direction::Backward).arguments[3].name, "out");
  // A document of one level reads none.
  auto readsGates = [](const Document &document) {
    const auto &arguments = document.op->signature(Direction::Forward).arguments;
    return std::any_of(arguments.begin(), arguments.end(), [](const Argument &each) { return each.name == "g"; });
  };
  EXPECT_TRUE(readsGates(op->documents()[0]));
  EXPECT_FALSE(readsGates(op->documents()[1]));
}

TEST(VarlenOpTest, LeavesRowsOfOthersAlone) {
  const std::vector<int64_t> bounds = {0, 300, 340, 400}, left_out = {1};
  Spec spec = packSpec(bounds.back());
  Values whole = randomInputs(spec), partly = randomInputs(spec);
  runPack(*VarlenOp::get(spec, bounds), whole);
  runPack(*VarlenOp::get(spec, bounds, Device::cpu(), {}, left_out), partly);
  for (auto [name, heads] : {std::pair("out", 2), std::pair("dq", 2), std::pair("dk", 1), std::pair("dv", 1)})
    for (int64_t i = 0, row = heads * spec.head_dim; i < bounds.back() * row; ++i) {
      bool is_left_out = i >= bounds[1] * row && i < bounds[2] * row;
      ASSERT_TRUE(is_left_out ? std::isnan(partly[name][i]) : partly[name][i] == whole[name][i]) << name << i;
    }
}

TEST(VarlenOpTest, BadListsAreRefused) {
  Spec spec = packSpec(600);
  EXPECT_EQ(refusalOf(spec, {600}), "cu_seqlens: expects an entry for each document and one more, at least 2, but got "
                                    "1; [0, 600] is one document");
  EXPECT_EQ(refusalOf(spec, {10, 600}),
            "cu_seqlens: expects 0 as its first entry, where the first document begins, but got 10");
  EXPECT_EQ(
      refusalOf(spec, {0, 300, 200, 600}),
      "cu_seqlens: expects entries that do not decrease, but got 200 behind 300, as entry 2; give where documents "
      "begin, not how long they are");
  EXPECT_EQ(refusalOf(spec, {0, 599}), "cu_seqlens: expects the number of tokens, 600, as its last entry, but got 599");
  for (const std::vector<int64_t> &left_out : {std::vector<int64_t>{1, 0}, {2}, {-1}})
    EXPECT_EQ(thrown<InvalidArgument>([&] {
                VarlenOp::get(spec, std::vector<int64_t>{0, 9, 600}, Device::cpu(), {}, left_out);
              }).find("left_out: expects increasing numbers of the 2 documents, but got "),
              0u);
  spec.batch = 2;
  EXPECT_EQ(refusalOf(spec, {0, 600}), "batch: expects 1 for packed documents, but got 2");
  spec = packSpec(600);
  spec.topk = 100;
  EXPECT_EQ(refusalOf(spec, {0, 600}), "topk: expects a positive multiple of 128, but got 100; 128 fits");
}

TEST(VarlenOpTest, NothingRunsWhereALaterDocumentIsRefused) {
  Spec spec = packSpec(341); // 300 tokens with a pyramid, and 41 with one level, whose backward reads q
  auto op = VarlenOp::get(spec, std::vector<int64_t>{0, 300, 341});
  const Signature &signature = op->signature(Direction::Backward);
  Memory memory(1 << 20), workspace(signature.workspace_bytes), kept(signature.arguments[5].shape[0]);
  std::vector<TensorRef> tensors;
  tensors.reserve(signature.arguments.size());
  for (const Argument &argument : signature.arguments)
    tensors.push_back(
        {static_cast<char *>(memory.data) + 65536 * tensors.size(), {argument.shape.size() == 3 ? 17 : 0, 8, 1}});
  tensors[0].data = nullptr;
  tensors[5].data = kept.data;
  auto *dq = static_cast<float *>(tensors[6].data);
  *dq = 42;
  EXPECT_EQ(thrown<InvalidArgument>([&] { op->run(Direction::Backward, tensors, workspace.data); }),
            "q: expects the address of its elements, but got a null pointer");
  EXPECT_EQ(*dq, 42);

  spec.dtype = DType::BFloat16;
  op = VarlenOp::get(spec, std::vector<int64_t>{0, 299, 341});
  tensors = {tensors[1], tensors[1], tensors[2], tensors[6], tensors[5]};
  tensors[4].data = static_cast<char *>(memory.data) + (1 << 19);
  *dq = 42;
  EXPECT_EQ(thrown<InvalidArgument>([&] { op->run(Direction::Forward, tensors, memory.data); }),
            "out: expects documents that start at multiples of 4 bytes, but got token 299 2 above one");
  EXPECT_EQ(*dq, 42);
}

TEST(VarlenOpTest, RunsRefuseLengthsOfOtherCode) {
  Spec spec = packSpec(300);
  spec.varlen = true;
  auto op = Op::get(spec);
  Memory memory(1 << 20);
  std::vector<TensorRef> tensors(op->signature(Direction::Forward).arguments.size());
  for (size_t i = 0; i < tensors.size(); ++i)
    tensors[i] = {static_cast<char *>(memory.data) + 65536 * i, {0, 8, 16, 1}};
  EXPECT_EQ(thrown<InvalidArgument>([&] { op->run(Direction::Forward, tensors, memory.data, {.length = 298}); }),
            "length: expects 299 to 300 tokens for [" + spec.str() + "], or 0 for all, but got 298");
  spec.op = OpKind::Gather;
  EXPECT_EQ(thrown<InvalidArgument>([&] { spec.validate(); }),
            "varlen: expects false for op=gather, but got true; op=attention fits");
}
