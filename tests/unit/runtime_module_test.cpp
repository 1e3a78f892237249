// SPDX-License-Identifier: Apache-2.0
//
// CompiledModule: its file form, and that no change to it goes unseen.
#include "runtime/CompiledModule.h"
#include "runtime/Seal.h"

#include <gtest/gtest.h>

using namespace lighthouse;
using namespace llvm;

static CompiledModule smallModule() {
  CompiledModule module;
  module.target = "host:test";
  LaunchPlan plan;
  plan.name = "forward";
  plan.buffers = {{"q", BufferRole::Input, "float32", {8}, false, 0}};
  plan.launches = {{"kernel", 3, {0}}};
  module.plans = {plan};
  module.code = {{'\x7f', 'E', 'L', 'F', '\0', '\xff'}, {}, {'x'}};
  return module;
}

static std::string bytesOf(const CompiledModule &module) {
  SmallVector<char, 0> bytes = serialize(module);
  return std::string(bytes.begin(), bytes.end());
}

/// The message with which bytes are refused.
static std::string refusal(StringRef bytes) {
  Expected<CompiledModule> module = deserialize(bytes);
  return module ? "accepted" : toString(module.takeError());
}

TEST(CompiledModule, RoundTrip) {
  CompiledModule module = smallModule();
  Expected<CompiledModule> read = deserialize(bytesOf(module));
  ASSERT_TRUE(bool(read)) << toString(read.takeError());
  EXPECT_EQ(read->target, module.target);
  EXPECT_EQ(read->code, module.code);
  ASSERT_EQ(read->plans.size(), 1u);
  EXPECT_EQ(toJSON(read->plans[0]), toJSON(module.plans[0]));
  EXPECT_EQ(bytesOf(*read), bytesOf(module));
}

TEST(CompiledModule, EmptyRoundTrip) {
  Expected<CompiledModule> read = deserialize(bytesOf(CompiledModule()));
  ASSERT_TRUE(bool(read)) << toString(read.takeError());
  EXPECT_TRUE(read->plans.empty());
  EXPECT_TRUE(read->code.empty());
}

TEST(CompiledModule, PtxIsNoMachineCode) {
  CompiledModule module;
  EXPECT_FALSE(isMachineCode(module));
  EXPECT_TRUE(isMachineCode(smallModule()));
  StringRef ptx = ".version 8.0";
  module.code.emplace_back(ptx.begin(), ptx.end());
  EXPECT_FALSE(isMachineCode(module));
}

TEST(CompiledModule, EveryFlippedBitIsSeen) {
  std::string bytes = bytesOf(smallModule());
  ASSERT_EQ(refusal(bytes), "accepted");
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= 1 << (bit % 8);
    EXPECT_NE(refusal(bytes), "accepted") << "bit " << bit;
    bytes[bit / 8] ^= 1 << (bit % 8);
  }
}

TEST(CompiledModule, EveryTruncationAndExtensionIsSeen) {
  std::string bytes = bytesOf(smallModule());
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_NE(refusal(StringRef(bytes).take_front(size)), "accepted") << size << " bytes";
  EXPECT_NE(refusal(bytes + '\0'), "accepted");
  EXPECT_NE(refusal(bytes + bytes), "accepted");
}

TEST(CompiledModule, MessagesSayWhatIsWrong) {
  std::string bytes = bytesOf(smallModule());
  EXPECT_EQ(refusal("LHK1"), "compiled module expects at least 48 bytes, but got 4");
  EXPECT_EQ(refusal("ELF1" + bytes.substr(4)), "compiled module expects the magic LHK1, but got other bytes");
  std::string other = bytes;
  other[4] = 9;
  EXPECT_EQ(refusal(other), "compiled module expects format version 4, but got 9");
  other = bytes;
  other.back() ^= 1;
  EXPECT_NE(refusal(other).find("BLAKE3"), std::string::npos) << refusal(other);
  EXPECT_NE(refusal(StringRef(bytes).drop_back()).find("bytes after its header"), std::string::npos);
}

/// A file whose hash holds, but whose content does not: written by something else.
TEST(CompiledModule, SealedNonsenseIsRefused) {
  SealKind kind = {"LHK1", 4, "compiled module"};
  auto sealed = [&](StringRef text, StringRef rest) {
    SmallVector<char, 0> payload;
    appendBlob(payload, text);
    payload.append(rest.begin(), rest.end());
    SmallVector<char, 0> bytes = seal(kind, StringRef(payload.data(), payload.size()));
    return std::string(bytes.begin(), bytes.end());
  };
  std::string no_code(8, '\0');
  EXPECT_EQ(refusal(sealed(R"({"target":"host:test","plans":[]})", "")), "accepted");
  EXPECT_EQ(refusal(sealed(R"({"target":"host:test","plans":[]})", no_code)), "accepted");
  EXPECT_EQ(refusal(sealed(R"({"target":"host:test","plans":[]})", no_code + no_code)), "accepted");
  EXPECT_NE(refusal(sealed(R"({"target":"host:test","plans":[]})", std::string(8, '\xff'))), "accepted");
  EXPECT_NE(refusal(sealed(R"({"target":"host:test","plans":[]})", no_code + "x")), "accepted");
  EXPECT_NE(refusal(sealed(R"({"target":"host:test","plans":[{}]})", no_code)), "accepted");
  EXPECT_NE(refusal(sealed(R"({"target":7,"plans":[]})", no_code)), "accepted");
  EXPECT_NE(refusal(sealed("{", no_code)), "accepted");
}
