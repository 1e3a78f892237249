// SPDX-License-Identifier: Apache-2.0
//
// Tensor maps on the fake driver: what kernels get for buffers of each layout, and what is refused.
#include "runtime/CudaModule.h"
#include "tests/unit/fake_cuda.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <array>
#include <bit>
#include <cstdlib>

using namespace lighthouse;
using namespace llvm;

namespace {

/// `attend` reads a strided q, row-major keys and workspace in two maps each of them but the last, and `copy` none.
CompiledModule mappedModule(bool varlen = false) {
  CompiledModule module;
  module.target = "cuda:sm_90a";
  LaunchPlan forward;
  forward.name = "forward";
  forward.workspace_bytes = 4096;
  forward.buffers = {{"q", BufferRole::Input, "bfloat16", {2, 4, 100, 64}, true, 0},
                     {"keys", BufferRole::Input, "float16", {3, 50, 24}, false, 0},
                     {"sums", BufferRole::Workspace, "float32", {16, 32}, false, 256}};
  forward.launches = {{"copy", 1, {1}, 32, 0}, {"attend", 7, {1, 2, 0}, 128, 1024}};
  forward.launches[1].maps = {{2, 128, 64, 128}, {0, 80, 16, 32}, {1, 8, 16, 64}, {2, 1, 256, 0}};
  forward.buffers[0].varlen = varlen;
  module.plans = {forward};
  std::string ptx = ".entry copy(.param .u64 keys) .entry attend(.param .u64 keys, .param .u64 sums, .param .u64 q, "
                    ".param .u64 q0, .param .u64 q1, .param .u64 q2, " +
                    std::string(varlen ? ".param .u64 rows, " : "") +
                    ".param .align 64 .b8 m0[128], .param .align 64 .b8 m1[128], .param .align 64 .b8 m2[128], "
                    ".param .align 64 .b8 m3[128])";
  module.code.emplace_back(ptx.begin(), ptx.end());
  return module;
}

class TensorMapTest : public FakeCudaTest {
protected:
  static std::unique_ptr<CudaModule> load() {
    return cantFail(CudaModule::load(mappedModule(), cantFail(CudaContext::of(0))));
  }
  /// Runs with q at `q` of these strides in elements, keys at 0x2000 and workspace at 0x4000.
  static Error run(const CudaModule &module, uintptr_t q, std::array<int64_t, 4> strides) {
    TensorArg args[] = {{std::bit_cast<void *>(q), {}}, {reinterpret_cast<void *>(0x2000), {}}};
    copy(strides, args[0].strides);
    return module.run(*module.findPlan("forward"), args, reinterpret_cast<void *>(0x4000), nullptr);
  }
};

using Sizes = std::vector<uint64_t>;
using Box = std::vector<uint32_t>;

} // namespace

TEST_F(TensorMapTest, FollowTheOtherParameters) {
  std::unique_ptr<CudaModule> module = load();
  EXPECT_EQ(toString(run(*module, 0x1000, {25600, 64, 256, 1})), "");
  ASSERT_EQ(fake.launches.size(), 2u);
  EXPECT_TRUE(fake.launches[0].maps.empty());
  EXPECT_EQ(fake.launches[1].parameters, (Sizes{0x2000, 0x4000 + 256, 0x1000, 25600, 64, 256}));
  EXPECT_EQ(fake.launches[1].maps.size(), 4u);
}

/// A varlen buffer has the rows of the call, as a parameter behind the strides and in its maps.
TEST_F(TensorMapTest, VarlenBuffer) {
  std::unique_ptr<CudaModule> module = cantFail(CudaModule::load(mappedModule(true), cantFail(CudaContext::of(0))));
  TensorArg args[] = {{reinterpret_cast<void *>(0x1000), {25600, 64, 256, 1}}, {reinterpret_cast<void *>(0x2000), {}}};
  for (int64_t length : {77, 0}) {
    EXPECT_EQ(toString(module->run(*module->findPlan("forward"), args, reinterpret_cast<void *>(0x4000), nullptr, {},
                                   length)),
              "");
    uint64_t rows = length == 0 ? 100 : length;
    EXPECT_EQ(fake.launches.back().parameters, (Sizes{0x2000, 0x4000 + 256, 0x1000, 25600, 64, 256, rows}));
    EXPECT_EQ(fake.launches.back().maps.at(0).sizes, (Sizes{64, rows, 4, 2}));
  }
}

TEST_F(TensorMapTest, StridedBuffer) {
  std::unique_ptr<CudaModule> module = load();
  EXPECT_EQ(toString(run(*module, 0x1000, {25600, 64, 256, 1})), "");
  const FakeTensorMap &map = fake.launches.at(1).maps.at(0);
  EXPECT_EQ(map.data_type, 9);
  EXPECT_EQ(map.address, 0x1000u);
  EXPECT_EQ(map.sizes, (Sizes{64, 100, 4, 2}));
  EXPECT_EQ(map.strides, (Sizes{512, 128, 51200}));
  EXPECT_EQ(map.box, (Box{64, 128, 1, 1}));
  EXPECT_EQ(map.swizzle, 3);
  EXPECT_EQ(map.promotion, 2);
  EXPECT_EQ(map.fill, 0);
  EXPECT_EQ(fake.launches[1].maps[3].box, (Box{256, 1, 1, 1}));
  EXPECT_EQ(fake.launches[1].maps[3].swizzle, 0);
}

TEST_F(TensorMapTest, RowMajorBuffers) {
  std::unique_ptr<CudaModule> module = load();
  EXPECT_EQ(toString(run(*module, 0x1000, {25600, 6400, 64, 1})), "");
  const FakeTensorMap &keys = fake.launches.at(1).maps.at(1), &sums = fake.launches[1].maps.at(2);
  EXPECT_EQ(keys.data_type, 6);
  EXPECT_EQ(keys.address, 0x2000u);
  EXPECT_EQ(keys.sizes, (Sizes{24, 50, 3}));
  EXPECT_EQ(keys.strides, (Sizes{48, 2400}));
  EXPECT_EQ(keys.box, (Box{16, 80, 1}));
  EXPECT_EQ(keys.swizzle, 1);
  EXPECT_EQ(sums.data_type, 7);
  EXPECT_EQ(sums.address, 0x4000u + 256);
  EXPECT_EQ(sums.sizes, (Sizes{32, 16}));
  EXPECT_EQ(sums.strides, (Sizes{128}));
  EXPECT_EQ(sums.box, (Box{16, 8}));
  EXPECT_EQ(sums.swizzle, 2);
}

TEST_F(TensorMapTest, FlatBuffersAreOneRun) {
  CompiledModule flat = mappedModule();
  flat.plans[0].buffers[2].shape = {2, 4, 25}; // rows of 100 bytes
  flat.plans[0].launches[1].maps[2] = {1, 1, 68, 0, true};
  auto module = cantFail(CudaModule::load(flat, cantFail(CudaContext::of(0))));
  EXPECT_EQ(toString(run(*module, 0x1000, {25600, 64, 256, 1})), "");
  const FakeTensorMap &sums = fake.launches.at(1).maps.at(2);
  EXPECT_EQ(sums.data_type, 7);
  EXPECT_EQ(sums.address, 0x4000u + 256);
  EXPECT_EQ(sums.sizes, (Sizes{200}));
  EXPECT_EQ(sums.strides, Sizes());
  EXPECT_EQ(sums.box, (Box{68}));
  EXPECT_EQ(sums.swizzle, 0);
}

TEST_F(TensorMapTest, EachCallHasItsOwn) {
  std::unique_ptr<CudaModule> module = load();
  EXPECT_EQ(toString(run(*module, 0x1000, {25600, 64, 256, 1})), "");
  fake.capturing = true;
  EXPECT_EQ(toString(run(*module, 0x8000, {25600, 6400, 64, 1})), "");
  ASSERT_EQ(fake.launches.size(), 4u);
  EXPECT_EQ(fake.launches[1].maps[0].address, 0x1000u);
  EXPECT_EQ(fake.launches[3].maps[0].address, 0x8000u);
  EXPECT_EQ(fake.launches[3].maps[0].strides, (Sizes{128, 12800, 51200}));
  module.reset(); // captured code stays loaded
  --fake.loaded;
}

TEST_F(TensorMapTest, EncodingAsksNothingElseOfTheDriver) {
  std::unique_ptr<CudaModule> module = load();
  fake.calls.clear();
  EXPECT_EQ(toString(run(*module, 0x1000, {25600, 64, 256, 1})), "");
  EXPECT_EQ(count(fake.calls, "cuTensorMapEncodeTiled"), 4);
  std::set<std::string> allowed = {"cuCtxGetCurrent",     "cuCtxPushCurrent", "cuCtxPopCurrent",
                                   "cuStreamIsCapturing", "cuLaunchKernel",   "cuTensorMapEncodeTiled"};
  for (const std::string &call : fake.calls)
    EXPECT_TRUE(allowed.count(call)) << call;
}

TEST_F(TensorMapTest, StridesOfSingleRowsMayBeAnything) {
  CompiledModule single = mappedModule();
  single.plans[0].buffers[0].shape = {1, 4, 1, 60};
  auto module = cantFail(CudaModule::load(single, cantFail(CudaContext::of(0))));
  EXPECT_EQ(toString(run(*module, 0x1000, {7, 64, -3, 1})), "");
  EXPECT_EQ(fake.launches.at(1).maps.at(0).sizes, (Sizes{60, 1, 4, 1}));
  EXPECT_EQ(fake.launches[1].maps[0].strides, (Sizes{128, 128, 480}));
}

TEST_F(TensorMapTest, RefusedOnesAreNamed) {
  std::unique_ptr<CudaModule> module = load();
  EXPECT_EQ(toString(run(*module, 0x1008, {25600, 64, 256, 1})),
            "kernel 'attend': tensor map of 'q' at 0x1008, last dimension first with strides of 512, 128, 51200 bytes: "
            "cuTensorMapEncodeTiled: CUDA_ERROR_INVALID_VALUE (invalid argument)");
  EXPECT_EQ(toString(run(*module, 0x1000, {25600, 64, 100, 1})),
            "kernel 'attend': tensor map of 'q' at 0x1000, last dimension first with strides of 200, 128, 51200 bytes: "
            "cuTensorMapEncodeTiled: CUDA_ERROR_INVALID_VALUE (invalid argument)");
}

TEST_F(TensorMapTest, OldDriverIsRefusedAtLoad) {
  // In a process of its own, since a process opens its driver once.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto load_with_old_driver = [&] {
    fake.version = 11080;
    auto module = CudaModule::load(mappedModule(), cantFail(CudaContext::of(0)));
    errs() << (module ? "accepted" : toString(module.takeError()));
    std::_Exit(0);
  };
  EXPECT_EXIT(
      load_with_old_driver(), testing::ExitedWithCode(0),
      "kernel 'attend': expects an NVIDIA driver of at least 525 .CUDA 12.0., which encodes tensor maps, but got "
      "one of CUDA 11.8");
}
