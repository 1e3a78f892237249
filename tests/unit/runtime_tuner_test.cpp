// SPDX-License-Identifier: Apache-2.0
//
// Tuner on the fake driver, whose kernels write what a test says: what is compared, timed and refused, and that nothing
// is left behind.
#include "runtime/Tuner.h"
#include "tests/unit/fake_cuda.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

using namespace lighthouse;
using namespace llvm;

namespace {

constexpr size_t kElements = 1024;

/// forward: `first` makes rows of q, `second` the output of them. backward: `third` makes dq of dout and out.
CompiledModule smallModule() {
  CompiledModule module;
  module.target = "cuda:sm_90a";
  LaunchPlan forward;
  forward.name = "forward";
  forward.workspace_bytes = 4 * kElements;
  forward.buffers = {{"q", BufferRole::Input, "float32", {1, 1, 128, 8}, true, 0},
                     {"out", BufferRole::Output, "float32", {1, 1, 128, 8}, false, 0},
                     {"rows", BufferRole::Workspace, "float32", {kElements}, false, 0}};
  forward.launches = {{"first", 4, {0, 2}, 128, 0}, {"second", 4, {2, 1}, 128, 0}};
  LaunchPlan backward;
  backward.name = "backward";
  backward.buffers = {{"out", BufferRole::Input, "float32", {1, 1, 128, 8}, false, 0},
                      {"dout", BufferRole::Input, "bfloat16", {1, 1, 128, 8}, false, 0},
                      {"dq", BufferRole::Output, "bfloat16", {1, 1, 128, 8}, false, 0}};
  backward.launches = {{"third", 4, {0, 1, 2}, 128, 0}};
  module.plans = {forward, backward};
  for (StringRef ptx : {".entry first(.param q, .param q0, .param q1, .param q2, .param rows)",
                        ".entry second(.param rows, .param out)", ".entry third(.param out, .param dout, .param dq)"})
    module.code.emplace_back(ptx.begin(), ptx.end());
  return module;
}

/// Code for a kernel of the small module, told from others by a comment.
SmallVector<char, 0> codeOf(const std::string &kernel, const std::string &comment) {
  for (const SmallVector<char, 0> &code : smallModule().code) {
    StringRef text(code.data(), code.size());
    if (!text.contains(kernel))
      continue;
    std::string marked = text.str() + " // " + comment;
    return {marked.begin(), marked.end()};
  }
  return {};
}

class TunerTest : public FakeCudaTest {
protected:
  void SetUp() override {
    FakeCudaTest::SetUp();
    fake.spill_bytes = 0;
    fake.on_launch = [this](const FakeKernel &kernel, const FakeLaunch &launch) { return work(kernel, launch); };
    tuner = cantFail(Tuner::create(load(), 1 << 20, /*seed=*/7));
  }
  void TearDown() override {
    tuner.reset();
    fake.on_launch = nullptr;
  }

  static std::unique_ptr<CudaModule> load() {
    return cantFail(CudaModule::load(smallModule(), cantFail(CudaContext::of(0))));
  }
  /// Turns the tuner to a launch, and gives its microseconds.
  double select(StringRef plan, size_t launch) {
    return cantFail(tuner->select(*tuner->code().findPlan(plan), launch));
  }

  /// The last parameter is what a kernel writes: 1 everywhere, 1.00001 for "close", 1.5 at one place for "wrong", half
  /// of it for "part", nothing for "idle". 0.1 ms, for "fast" 0.05, for "slow" 1.
  double work(const FakeKernel &kernel, const FakeLaunch &launch) const {
    StringRef image = kernel.module->image;
    bool is_wide = launch.kernel != "third";
    auto write = [&](size_t i, float value) {
      char *to = bit_cast<char *>(launch.parameters.back());
      uint32_t bits = bit_cast<uint32_t>(value);
      if (is_wide)
        std::memcpy(to + 4 * i, &bits, 4);
      else
        std::memcpy(to + 2 * i, reinterpret_cast<char *>(&bits) + 2, 2);
    };
    size_t elements = image.contains("idle") ? 0 : image.contains("part") ? kElements / 2 : kElements;
    for (size_t i = 0; i < elements; ++i)
      write(i, image.contains("close") ? 1.00001F : 1.0F);
    if (image.contains("wrong"))
      write(17, 1.5F);
    if (image.contains("nan"))
      write(17, NAN);
    return image.contains("fast") ? 0.05 : image.contains("slow") ? 1 : 0.1;
  }
  Outcome attempt(const std::string &kernel, const std::string &comment, double best = 1e9) {
    return tuner->attempt({kernel, 4, {}, 128, 0}, codeOf(kernel, comment), best);
  }

  std::unique_ptr<Tuner> tuner;
};

} // namespace

TEST_F(TunerTest, TimesOnlyTheSelectedKernel) {
  fake.launches.clear();
  EXPECT_NEAR(select("forward", 1), 100, 1e-3);
  EXPECT_EQ(fake.launches.front().kernel, "first") << "what it reads is made first";
  EXPECT_EQ(count_if(fake.launches, [](const FakeLaunch &launch) { return launch.kernel == "first"; }), 1);
  fake.launches.clear();
  fake.calls.clear();
  Outcome outcome = attempt("second", "fast");
  EXPECT_EQ(outcome.refusal, "");
  EXPECT_NEAR(outcome.microseconds, 50, 1e-3);
  EXPECT_TRUE(all_of(fake.launches, [](const FakeLaunch &launch) { return launch.kernel == "second"; }));
  EXPECT_GE(count(fake.calls, "cuMemsetD8Async"), static_cast<long>(fake.launches.size()))
      << "the L2 cache is written over before each";
}

TEST_F(TunerTest, BackwardReadsWhatForwardMakes) {
  fake.launches.clear();
  EXPECT_NEAR(select("backward", 0), 100, 1e-3);
  EXPECT_EQ(fake.launches[0].kernel, "first");
  EXPECT_EQ(fake.launches[1].kernel, "second");
  EXPECT_EQ(fake.launches[2].kernel, "third");
  EXPECT_EQ(fake.launches[2].parameters[0], fake.launches[1].parameters[1]) << "out";
  EXPECT_EQ(attempt("third", "fast").refusal, "");
}

TEST_F(TunerTest, ResultsAreThoseOfTheDefaultButForRounding) {
  select("forward", 1);
  EXPECT_EQ(attempt("second", "close").refusal, "");
  EXPECT_TRUE(
      StringRef(attempt("second", "wrong").refusal).starts_with("other results: out differs from the default's by"));
  EXPECT_TRUE(StringRef(attempt("second", "part").refusal).starts_with("other results"));
  EXPECT_TRUE(StringRef(attempt("second", "idle").refusal).starts_with("other results"));
  EXPECT_EQ(attempt("second", "nan").refusal, "other results: out has other numbers than by default");
  select("backward", 0);
  EXPECT_TRUE(StringRef(attempt("third", "part").refusal).starts_with("other results: dq"));
  EXPECT_EQ(attempt("third", "fast").refusal, "") << "what others did is forgotten";
}

TEST_F(TunerTest, RefusesWhatDoesNotRun) {
  select("forward", 0);
  EXPECT_TRUE(StringRef(attempt("first", "REFUSED").refusal).starts_with("cuModuleLoadDataEx: CUDA_ERROR_INVALID_PTX"));
  fake.spill_bytes = 40;
  EXPECT_EQ(attempt("first", "spills").refusal, "spills 40 bytes");
  fake.spill_bytes = 0;
  fake.failures["cuLaunchKernel"] = 701;
  Outcome outcome = attempt("first", "fast");
  EXPECT_TRUE(StringRef(outcome.refusal).contains("CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES")) << outcome.refusal;
  EXPECT_FALSE(outcome.is_lost);
  fake.failures.clear();
  EXPECT_EQ(attempt("first", "fast").refusal, "");
}

TEST_F(TunerTest, GivesTensorMapsAndZeroes) {
  select("forward", 0);
  StringRef ptx = ".entry first(.param q, .param q0, .param q1, .param q2, .param rows, .param map[128]) // idle";
  Launch launch = {"first", 4, {}, 128, 0};
  launch.maps = {{.buffer = 0, .box_rows = 64, .box_columns = 8}};
  launch.zeroed = {1};
  fake.launches.clear();
  Outcome outcome = tuner->attempt(launch, {ptx.begin(), ptx.end()}, 1e9);
  EXPECT_EQ(outcome.refusal,
            "other results: rows differs from the default's by 1.0e+00 of its norm, 1.0e+00 of its largest")
      << "all zeros, as the kernel wrote nothing";
  ASSERT_EQ(fake.launches.size(), 1u);
  const FakeLaunch &launched = fake.launches[0];
  ASSERT_EQ(launched.maps.size(), 1u);
  EXPECT_EQ(launched.maps[0].address, launched.parameters.front());
  EXPECT_EQ(launched.maps[0].sizes, (std::vector<uint64_t>{8, 128, 1, 1}));
  ASSERT_EQ(fake.memsets.size(), 1u);
  EXPECT_EQ(fake.memsets[0].address, launched.parameters.back());
  EXPECT_EQ(fake.memsets[0].count, kElements);
}

TEST_F(TunerTest, RefusesWhatItsAssemblerCallsSlow) {
  select("forward", 0);
  EXPECT_EQ(attempt("first", "setmaxnreg").refusal,
            "(C7508) Potential Performance Loss: 'setmaxnreg' ignored; unable to determine register count.");
}

TEST_F(TunerTest, KnowsALostContext) {
  select("forward", 0);
  fake.failures = {{"cuEventQuery", 700}, {"cuStreamSynchronize", 700}};
  Outcome outcome = attempt("first", "fast");
  EXPECT_EQ(outcome.refusal,
            "the kernel failed: CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered)");
  EXPECT_TRUE(outcome.is_lost);
}

TEST_F(TunerTest, DoesNotWaitForWhatDoesNotEnd) {
  tuner = cantFail(Tuner::create(load(), 1 << 20, 7, std::chrono::seconds(0)));
  select("forward", 0);
  fake.failures["cuEventQuery"] = kCudaNotReady;
  fake.calls.clear();
  Outcome outcome = attempt("first", "fast");
  EXPECT_EQ(outcome.refusal, "it did not end in 0 seconds");
  EXPECT_TRUE(outcome.is_lost);
  tuner.reset();
  for (const char *waits : {"cuStreamSynchronize", "cuModuleUnload", "cuMemFree", "cuStreamDestroy"})
    EXPECT_FALSE(is_contained(fake.calls, waits)) << waits;
  // They stay for good.
  fake.loaded = 0;
  for (auto [address, bytes] : fake.memory)
    std::free(bit_cast<void *>(address));
  fake.memory.clear();
}

TEST_F(TunerTest, GivesUpEarlyOnWhatIsClearlySlower) {
  select("forward", 0);
  fake.launches.clear();
  EXPECT_NEAR(attempt("first", "slow", /*best=*/100).microseconds, 1000, 1e-3);
  size_t slow = fake.launches.size();
  fake.launches.clear();
  EXPECT_NEAR(attempt("first", "fast", /*best=*/100).microseconds, 50, 1e-3);
  EXPECT_LT(slow, fake.launches.size());
}

TEST_F(TunerTest, ComparesSideBySide) {
  select("forward", 0);
  auto [own, other] = cantFail(tuner->compare({"first", 4, {}, 128, 0}, codeOf("first", "fast")));
  EXPECT_NEAR(own, 100, 1e-3);
  EXPECT_NEAR(other, 50, 1e-3);
}

TEST_F(TunerTest, LeavesNothingBehind) {
  select("forward", 0);
  attempt("first", "fast");
  EXPECT_EQ(fake.loaded, 3) << "the small module's own objects";
  EXPECT_FALSE(fake.memory.empty());
  tuner.reset();
  EXPECT_TRUE(fake.memory.empty());
}

TEST_F(TunerTest, TellsWhatMemoryIsMissing) {
  fake.failures["cuMemAlloc"] = 2;
  Expected<std::unique_ptr<Tuner>> made = Tuner::create(load(), 1 << 20, 7);
  ASSERT_FALSE(bool(made));
  EXPECT_EQ(toString(made.takeError()), "1 MiB of device memory for tuning: CUDA_ERROR_OUT_OF_MEMORY (out of memory)");
}
