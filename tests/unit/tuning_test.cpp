// SPDX-License-Identifier: Apache-2.0
//
// Tuning on the fake driver, whose kernels take as long as a test says: the search, and what ops take of the database.
#include "lighthouse_ops/Tuning.h"

#include "compiler/Cuda/SearchSpace.h"
#include "lighthouse_ops/Compilation.h"
#include "lighthouse_ops/Op.h"
#include "lighthouse_ops/TunedSchedules.h"
#include "runtime/CudaTarget.h"
#include "tests/unit/fake_cuda.h"
#include "tests/unit/helpers.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FileSystem.h"

#include <cstdlib>
#include <fstream>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

using namespace lighthouse;
using namespace llvm;

namespace {

/// Four kernels with few candidates.
Spec smallSpec(int64_t seq_len = 512) {
  return {.op = OpKind::Gather,
          .dtype = DType::BFloat16,
          .seq_len = seq_len,
          .head_dim = 16,
          .num_levels = 2,
          .pooling_factor = 2,
          .topk = 128};
}

constexpr const char *kGather = "forward_gather";

class TuningTest : public FakeCudaTest {
protected:
  void SetUp() override {
    FakeCudaTest::SetUp();
    SmallString<128> path;
    ASSERT_FALSE(sys::fs::createUniqueDirectory("lighthouse-tuning-test", path));
    folder = path.str().str();
    setenv("LIGHTHOUSE_CACHE_DIR", folder.c_str(), 1);
    setenv("LIGHTHOUSE_PTXAS", "0", 1);
    unsetenv("LIGHTHOUSE_CACHE");
    unsetenv("LIGHTHOUSE_AUTOTUNE");
    clearMemoryCache();
    fake.spill_bytes = 0;
    // Small blocks of threads are fast.
    fake.on_launch = [](const FakeKernel &, const FakeLaunch &launch) { return 0.001 * launch.block; };
  }
  void TearDown() override {
    fake.on_launch = nullptr;
    clearMemoryCache();
    for (const char *name : {"LIGHTHOUSE_CACHE_DIR", "LIGHTHOUSE_PTXAS", "LIGHTHOUSE_AUTOTUNE"})
      unsetenv(name);
    (void)sys::fs::remove_directories(folder);
  }

  std::string file() const { return tuningFile(folder, "Fake GPU 0"); }
  /// Threads of a block of a kernel, as the spec's op launches it.
  unsigned threadsOf(const Spec &spec, StringRef kernel) {
    std::shared_ptr<const Op> op = Op::get(spec, Device::cuda());
    fake.launches.clear();
    std::vector<TensorRef> tensors;
    uintptr_t address = uintptr_t(1) << 30;
    for (const Argument &argument : op->signature(Direction::Forward).arguments) {
      TensorRef tensor{bit_cast<void *>(address), {}};
      int64_t step = 1;
      for (size_t dim = argument.shape.size(); dim-- > 0; step *= argument.shape[dim])
        tensor.strides[dim] = step;
      tensors.push_back(tensor);
      address += uintptr_t(1) << 30;
    }
    op->run(Direction::Forward, tensors, bit_cast<void *>(address));
    auto found = find_if(fake.launches, [&](const FakeLaunch &launch) { return launch.kernel == kernel; });
    return found == fake.launches.end() ? 0 : found->block;
  }
  /// Keeps an entry for the gather kernel of a spec, as another process would.
  void put(const Spec &spec, const Parameters &parameters) const {
    TuningDatabase database = TuningDatabase::load(file());
    database.put({featuresOf(spec, kGather), parameters, 1, 2});
    ASSERT_FALSE(database.publish(file()));
    forgetTunings();
  }

  std::string folder;
};

std::string saidOnStderr(const std::function<void()> &body) {
  testing::internal::CaptureStderr();
  body();
  return testing::internal::GetCapturedStderr();
}

} // namespace

TEST(SearchSpace, SchedulesSayWhatIsWorthTrying) {
  Compilation compilation(smallSpec());
  auto spaces = cantFail(cudaSearchSpaces(compilation.stages(), cantFail(CudaTarget::fromArch("sm_80"))));
  auto gather = find_if(spaces, [](const SearchSpace &space) { return space.kernel == kGather; });
  ASSERT_NE(gather, spaces.end());
  EXPECT_EQ(gather->defaults, (Parameters{{"rows_per_group", 2}, {"threads", 256}}));
  std::vector<Parameters> candidates = candidatesOf(*gather);
  EXPECT_EQ(candidates.size(), gather->candidates["threads"].size() * gather->candidates["rows_per_group"].size() - 1);
  EXPECT_FALSE(is_contained(candidates, gather->defaults));
  EXPECT_TRUE(is_contained(candidates, (Parameters{{"rows_per_group", 1}, {"threads", 64}})));
}

static Expected<CudaKernel> compileAttend(StringRef arch, const Parameters &parameters) {
  Compilation compilation({.dtype = DType::BFloat16, .seq_len = 256, .head_dim = 128});
  return compileCudaKernel(compilation.stages(), cantFail(CudaTarget::fromArch(arch)), "forward_attend", parameters);
}

TEST(SearchSpace, ATargetHasItsOwn) {
  Compilation compilation({.dtype = DType::BFloat16, .seq_len = 256, .head_dim = 128});
  auto spaces = cantFail(cudaSearchSpaces(compilation.stages(), cantFail(CudaTarget::fromArch("sm_90a"))));
  auto find = [&](StringRef kernel) {
    auto found = find_if(spaces, [&](const SearchSpace &space) { return space.kernel == kernel; });
    return found == spaces.end() ? SearchSpace() : *found;
  };
  SearchSpace forward = find("forward_attend");
  EXPECT_EQ(forward.defaults, (Parameters{{"block_columns", 128}, {"stages", 2}, {"warpgroups", 2}}));
  EXPECT_EQ(candidatesOf(forward).size(), 27u);
  EXPECT_EQ(candidatesOf(find("backward_attend_backward_joined")),
            (std::vector<Parameters>{{{"block_columns", 64}, {"stages", 1}, {"warpgroups", 2}}}));
}

TEST(SearchSpace, AKernelOfRolesByItself) {
  auto compile = [&](const Parameters &parameters) { return compileAttend("sm_90a", parameters); };
  CudaKernel kernel = cantFail(compile({{"block_columns", 80}, {"stages", 3}}));
  EXPECT_EQ(kernel.misfit, "");
  EXPECT_EQ(kernel.launch.threads, 384);
  EXPECT_EQ(kernel.launch.items, 2);
  EXPECT_EQ(kernel.launch.maps.size(), 4u);
  // 64 x 128 sums and scores, weights of the block before, and sums of those in 8 columns.
  EXPECT_EQ(cantFail(compile({{"warpgroups", 3}})).misfit,
            "expects at most 160 registers a thread of a role, but got 164");
  Expected<CudaKernel> refused = compile({{"block_columns", 176}, {"stages", 3}});
  ASSERT_FALSE(bool(refused));
  EXPECT_TRUE(StringRef(toString(refused.takeError())).contains("bytes of shared memory"));
}

TEST(SearchSpace, AKernelByItself) {
  auto compile = [&](const Parameters &parameters) { return compileAttend("sm_80", parameters); };
  CudaKernel kernel = cantFail(compile({{"block_rows", 64}, {"block_columns", 32}}));
  EXPECT_EQ(kernel.launch.kernel, "forward_attend");
  EXPECT_EQ(kernel.launch.items, 4);
  EXPECT_EQ(kernel.launch.threads, 128);
  EXPECT_GT(kernel.launch.shared_bytes, 64 * 128 * 2);
  EXPECT_TRUE(StringRef(kernel.ptx).contains(".entry forward_attend("));
  EXPECT_EQ(StringRef(kernel.ptx).count(".entry"), 1u);
  // 128 x 128 sums and 128 x 128 scores in 128 threads.
  EXPECT_EQ(cantFail(compile({{"block_columns", 128}})).misfit, "expects at most 255 registers a thread, but got 256");
  Expected<CudaKernel> refused = compile({{"warps", 3}});
  ASSERT_FALSE(bool(refused));
  EXPECT_TRUE(StringRef(toString(refused.takeError())).contains("block_rows to be a multiple of 48"));
}

TEST_F(TuningTest, FindsTheFastestAndOpsTakeIt) {
  EXPECT_EQ(threadsOf(smallSpec(), kGather), 256u);
  Tuning tuning = tune(smallSpec(), Device::cuda(), {.kernels = {kGather}});
  ASSERT_EQ(tuning.kernels.size(), 1u);
  const KernelTuning &gather = tuning.kernels[0];
  EXPECT_EQ(gather.best.at("threads"), 64);
  EXPECT_NEAR(gather.microseconds, 64, 1e-2);
  EXPECT_NEAR(gather.default_microseconds, 256, 1e-2);
  EXPECT_EQ(gather.tried, 11);
  EXPECT_EQ(tuning.gpu, "Fake GPU 0");
  EXPECT_EQ(tuning.database, file());
  EXPECT_TRUE(StringRef(tuning.str()).contains("300.0%")) << tuning.str();
  EXPECT_EQ(threadsOf(smallSpec(), kGather), 64u);
  EXPECT_EQ(tunedSchedules(smallSpec()), (Schedules{{kGather, gather.best}}));
  TuningRecord record = tuningRecord("Fake GPU 0");
  ASSERT_EQ(record.entries.size(), 1u);
  EXPECT_EQ(record.entries[0].kernel, kGather);
  EXPECT_EQ(record.arch, "sm_90a");
  LaunchCosts costs = launchCosts(smallSpec(), record.arch);
  EXPECT_EQ(record.entries[0].moved_bytes,
            find_if(costs.forward, [](const LaunchInfo &launch) { return launch.kernel == kGather; })->moved_bytes);
  EXPECT_TRUE(fake.memory.empty());
}

TEST_F(TuningTest, DefaultsStayWhereNothingIsFaster) {
  fake.on_launch = [](const FakeKernel &, const FakeLaunch &launch) { return launch.block == 256 ? 0.1 : 0.0995; };
  Tuning tuning = tune(smallSpec(), Device::cuda(), {.kernels = {kGather}});
  EXPECT_EQ(tuning.kernels[0].best, tuning.kernels[0].defaults) << "half a percent is no gain";
  EXPECT_EQ(threadsOf(smallSpec(), kGather), 256u);
  EXPECT_TRUE(TuningDatabase::load(file()).entries.at(0).parameters.empty());
}

TEST_F(TuningTest, RejectsCandidatesWithTheirReasons) {
  fake.on_launch = [this](const FakeKernel &, const FakeLaunch &launch) {
    if (launch.kernel == kGather && launch.block == 64) // other results
      *bit_cast<int *>(launch.parameters.back()) = 17;
    fake.failures.erase("cuEventQuery");
    if (launch.kernel == kGather && launch.block == 128) // fails, but the context lives
      fake.failures["cuEventQuery"] = 1;
    return 0.001 * launch.block;
  };
  Tuning tuning = tune(smallSpec(), Device::cuda(), {.kernels = {kGather}});
  const KernelTuning &gather = tuning.kernels[0];
  EXPECT_EQ(gather.best, gather.defaults);
  EXPECT_EQ(gather.rejected.size(), 6u);
  EXPECT_EQ(gather.tried, 5);
  EXPECT_TRUE(StringRef(gather.rejected.front().reason).starts_with("other results")) << gather.rejected.front().reason;
  EXPECT_TRUE(any_of(gather.rejected, [](const Rejection &each) {
    return StringRef(each.reason).contains("CUDA_ERROR_INVALID_VALUE");
  }));
  EXPECT_TRUE(StringRef(tuning.str()).contains("forward_gather, rejected:\n"));
}

TEST_F(TuningTest, WhatTakesTheContextDownIsRecordedAndNotTriedAgain) {
  auto search = [] { return tune(smallSpec(), Device::cuda(), {.kernels = {kGather}}); };
  fake.on_launch = [this](const FakeKernel &, const FakeLaunch &launch) {
    if (launch.kernel == kGather && launch.block == 64)
      fake.failures = {{"cuEventQuery", 700}, {"cuStreamSynchronize", 700}};
    return 0.001 * launch.block;
  };
  for (int64_t rows : {1, 2, 4}) {
    std::string message = thrown<DeviceError>([&] { search(); });
    EXPECT_TRUE(StringRef(message).starts_with("tuning forward_gather with rows_per_group=" + std::to_string(rows) +
                                               ",threads=64 took the GPU's context down: the kernel failed: "
                                               "CUDA_ERROR_ILLEGAL_ADDRESS"))
        << message;
    fake.failures.clear(); // a new process
  }
  Tuning tuning = search();
  EXPECT_EQ(tuning.kernels[0].best.at("threads"), 128);
  ASSERT_EQ(tuning.kernels[0].rejected.size(), 3u);
  EXPECT_TRUE(StringRef(tuning.kernels[0].rejected[0].reason).starts_with("crashed before: "));
}

TEST_F(TuningTest, RefusesWhatCannotBeTuned) {
  EXPECT_EQ(thrown<InvalidArgument>([] { tune(smallSpec(), Device::cpu()); }),
            "device: expects a GPU, as kernels of the CPU have no parameters to tune, but got cpu");
  EXPECT_EQ(thrown<InvalidArgument>([] { tune(smallSpec(), Device::cuda(2)); }),
            "device: expects cuda:0 to cuda:1, but got cuda:2");
  std::string message = thrown<InvalidArgument>([] { tune(smallSpec(), Device::cuda(), {.kernels = {"gather"}}); });
  EXPECT_TRUE(StringRef(message).starts_with("kernel: expects one of forward_pool_score, ")) << message;
  EXPECT_TRUE(StringRef(message).ends_with(", but got gather")) << message;
  std::ofstream(file()) << R"({"gpu": "Other GPU", "entries": []})";
  EXPECT_EQ(thrown<InvalidArgument>([] { tune(smallSpec()); }),
            "database: expects one of Fake GPU 0, but got that of Other GPU, '" + file() + "'");
  Spec scatter = smallSpec();
  scatter.op = OpKind::Scatter;
  EXPECT_EQ(thrown<InvalidArgument>([&] { tune(scatter); }),
            "op: expects attention or gather, but got scatter, whose kernels are tuned with attention");
}

TEST_F(TuningTest, OpsTakeTheNearestEntry) {
  put(smallSpec(512), {{"threads", 64}});
  put(smallSpec(4096), {{"threads", 512}});
  EXPECT_EQ(threadsOf(smallSpec(512), kGather), 64u);
  EXPECT_EQ(threadsOf(smallSpec(1024), kGather), 64u);
  EXPECT_EQ(threadsOf(smallSpec(2048), kGather), 512u);
  Spec other = smallSpec();
  other.head_dim = 32;
  EXPECT_EQ(threadsOf(other, kGather), 256u) << "of another head size entries say nothing";
}

TEST_F(TuningTest, TunedAndUntunedCodeDoNotMix) {
  EXPECT_EQ(Op::get(smallSpec(), Device::cuda())->origin(), Origin::Compiled);
  put(smallSpec(), {{"threads", 64}});
  EXPECT_EQ(threadsOf(smallSpec(), kGather), 64u);
  clearMemoryCache();
  EXPECT_EQ(Op::get(smallSpec(), Device::cuda())->origin(), Origin::Disk);
  EXPECT_EQ(threadsOf(smallSpec(), kGather), 64u);
  (void)sys::fs::remove(file());
  forgetTunings();
  EXPECT_EQ(threadsOf(smallSpec(), kGather), 256u) << "without a new memory cache";
}

TEST_F(TuningTest, TheDumpShowsTheSchedulesThatRun) {
  put(smallSpec(), {{"threads", 64}});
  TuningDatabase database = TuningDatabase::load(file());
  database.put({featuresOf(smallSpec(), "forward_of_another_program"), {{"threads", 96}}, 1, 2});
  ASSERT_FALSE(database.publish(file()));
  forgetTunings();
  setenv("LIGHTHOUSE_DUMP", (folder + "/dump").c_str(), 1);
  std::string said = saidOnStderr([] { Op::get(smallSpec(), Device::cuda()); });
  unsetenv("LIGHTHOUSE_DUMP");
  EXPECT_EQ(said, "");
  std::string dumped = folder + "/dump/gather-bfloat16-B1-H1-N512-D16-L2-p2-K128-sm_90a/";
  auto read = [&](const char *name) {
    std::ifstream stream(dumped + name);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  };
  EXPECT_NE(read("about.txt").find("\ntuned schedules: forward_gather:threads=64\n"), std::string::npos);
  EXPECT_NE(read("2-fused.mlir").find("schedule = {threads = 64 : i64}"), std::string::npos);
  std::string tile = read("3-tile.mlir");
  StringRef gather = StringRef(tile).drop_front(tile.find("@forward_gather"));
  EXPECT_NE(gather.take_until([](char c) { return c == '\n'; }).find(" threads 64 "), StringRef::npos);
}

TEST_F(TuningTest, NothingIsTunedSilently) {
  fake.calls.clear();
  Op::get(smallSpec(), Device::cuda());
  EXPECT_EQ(count(fake.calls, "cuLaunchKernel"), 0);
  EXPECT_FALSE(sys::fs::exists(file()));
}

TEST_F(TuningTest, ADamagedDatabaseIsIgnored) {
  std::ofstream(file()) << "{\"gpu\": ";
  forgetTunings();
  unsigned threads = 0;
  std::string said = saidOnStderr([&] { threads = threadsOf(smallSpec(), kGather); });
  EXPECT_EQ(threads, 256u);
  EXPECT_TRUE(StringRef(said).contains("ignoring the damaged tuning database")) << said;
  tune(smallSpec(), Device::cuda(), {.kernels = {kGather}});
  EXPECT_EQ(threadsOf(smallSpec(), kGather), 64u);
}

TEST_F(TuningTest, EntriesThatDoNotCompileAreIgnored) {
  put(smallSpec(), {{"lanes", 3}});
  unsigned threads = 0;
  std::string said = saidOnStderr([&] { threads = threadsOf(smallSpec(), kGather); });
  EXPECT_EQ(threads, 256u);
  EXPECT_TRUE(StringRef(said).contains("taking the default schedules, as those of the tuning database do not compile"))
      << said;
}

TEST_F(TuningTest, OneOfSeveralProcessesTunesOnFirstUse) {
  setenv("LIGHTHOUSE_AUTOTUNE", "1", 1);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    children.push_back(fork());
    if (children.back() != 0)
      continue;
    // Whether it tuned, and what it took.
    close(STDERR_FILENO);
    fake.calls.clear();
    Op::get(smallSpec(), Device::cuda());
    std::string line = count(fake.calls, "cuEventElapsedTime") > 0 ? "tuned " : "waited ";
    line += toString(tunedSchedules(smallSpec())) + "\n";
    _exit(write(ends[1], line.data(), line.size()) == static_cast<ssize_t>(line.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string said = readAll(ends[0]);
  for (pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
  }
  EXPECT_EQ(StringRef(said).count("tuned "), 1u) << said;
  SmallVector<StringRef> lines;
  StringRef(said).split(lines, '\n', -1, false);
  ASSERT_EQ(lines.size(), 4u) << said;
  for (StringRef line : lines)
    EXPECT_EQ(line.split(' ').second, lines.front().split(' ').second);
  EXPECT_TRUE(StringRef(said).contains("forward_gather:rows_per_group=1,threads=64")) << said;
  // The next use finds all that it needs.
  fake.calls.clear();
  Op::get(smallSpec(), Device::cuda());
  EXPECT_EQ(count(fake.calls, "cuEventElapsedTime"), 0);
}

TEST_F(TuningTest, FirstUseIsAskedForByOne) {
  fake.calls.clear();
  std::string said = saidOnStderr([] {
    for (const char *value : {"", "0", "yes"}) {
      setenv("LIGHTHOUSE_AUTOTUNE", value, 1);
      Op::get(smallSpec(), Device::cuda());
      clearMemoryCache();
    }
  });
  EXPECT_EQ(count(fake.calls, "cuEventElapsedTime"), 0);
  EXPECT_EQ(said, "lighthouse: warning: LIGHTHOUSE_AUTOTUNE expects 0 or 1, but got 'yes'; nothing is tuned\n");
}

TEST_F(TuningTest, FirstUseTunesNothingThatCannotBeKept) {
  setenv("LIGHTHOUSE_AUTOTUNE", "1", 1);
  setenv("LIGHTHOUSE_CACHE", "0", 1);
  fake.calls.clear();
  std::string said = saidOnStderr([] { Op::get(smallSpec(), Device::cuda()); });
  unsetenv("LIGHTHOUSE_CACHE");
  EXPECT_EQ(count(fake.calls, "cuLaunchKernel"), 0);
  EXPECT_TRUE(StringRef(said).contains("LIGHTHOUSE_AUTOTUNE=1 tunes nothing: the disk cache is off")) << said;
}

/// The rates that `lighthouse suggest` takes from them.
TEST(ShippedTunings, TellWhatWasTimed) {
  EXPECT_EQ(tunedGpus(), (std::vector<std::string>{"NVIDIA H100 80GB HBM3", "NVIDIA H200"}));
  for (const std::string &gpu : tunedGpus()) {
    TuningDatabase database = TuningDatabase::shipped(gpu);
    EXPECT_EQ(database.arch, "sm_90a");
    for (const TuningEntry &entry : database.entries)
      EXPECT_GT(entry.moved_bytes, 0) << gpu << " " << entry.features.kernel;
  }
}

/// Entries that the library carries are for its own schedules.
TEST(ShippedTunings, Compile) {
  for (StringRef text : shippedTuningTexts())
    for (const TuningEntry &entry : cantFail(TuningDatabase::parse(text)).entries) {
      if (entry.parameters.empty())
        continue;
      const TuningFeatures &features = entry.features;
      Spec spec = smallSpec(4096);
      spec.op = OpKind::Attention;
      spec.dtype = features.dtype == "float32"   ? DType::Float32
                   : features.dtype == "float16" ? DType::Float16
                                                 : DType::BFloat16;
      spec.num_heads = features.group;
      spec.head_dim = features.head_dim;
      spec.num_levels = features.levels;
      Compilation compilation(spec);
      auto kernel = compileCudaKernel(compilation.stages(), cantFail(CudaTarget::fromArch("sm_90a")), features.kernel,
                                      entry.parameters);
      ASSERT_TRUE(bool(kernel)) << features.kernel << " " << toString(entry.parameters) << ": "
                                << toString(kernel.takeError());
      EXPECT_EQ(kernel->misfit, "") << features.kernel << " " << toString(entry.parameters);
    }
}
