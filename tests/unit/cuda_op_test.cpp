// SPDX-License-Identifier: Apache-2.0
//
// CudaOp on the fake driver: what it checks and launches, how failures read, and what `devices` lists.
#include "compiler/Compile.h"
#include "lighthouse_ops/CudaOp.h"
#include "runtime/CudaTarget.h"
#include "tests/unit/fake_cuda.h"
#include "tests/unit/helpers.h"

#include "llvm/ADT/STLExtras.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

using namespace lighthouse;
using namespace llvm;

namespace {

Spec smallSpec() { return {.seq_len = 16, .head_dim = 8}; }

CompiledModule smallModule() {
  CompiledModule module;
  module.target = "cuda:sm_90a";
  LaunchPlan forward;
  forward.name = "forward";
  forward.workspace_bytes = 128;
  forward.buffers = {{"q", BufferRole::Input, "bfloat16", {1, 2, 16, 8}, true, 0},
                     {"out", BufferRole::Output, "bfloat16", {1, 2, 16, 8}, false, 0},
                     {"scratch", BufferRole::Workspace, "float32", {32}, false, 0}};
  forward.launches = {{"attend", 2, {0, 2, 1}, 128, 0}};
  LaunchPlan backward = forward;
  backward.name = "backward";
  module.plans = {forward, backward};
  StringRef ptx = ".entry attend(.param q, .param q0, .param q1, .param q2, .param scratch, .param out)";
  module.code.emplace_back(ptx.begin(), ptx.end());
  return module;
}

class CudaOpTest : public FakeCudaTest {
protected:
  static std::shared_ptr<const Op> load(int ordinal = 0) {
    return cantFail(CudaOp::load(smallSpec(), smallModule(), cantFail(CudaContext::of(ordinal)), Origin::Compiled));
  }
  static std::vector<TensorRef> tensors() {
    return {{reinterpret_cast<void *>(0x1000), {256, 128, 8, 1}}, {reinterpret_cast<void *>(0x2000), {}}};
  }
  static void *workspace() { return reinterpret_cast<void *>(0x4000); }
};

} // namespace

TEST_F(CudaOpTest, RunsOnItsDeviceAndStream) {
  auto op = load(1);
  EXPECT_EQ(op->device(), Device::cuda(1));
  EXPECT_EQ(op->device().str(), "cuda:1");
  int stream = 0;
  op->run(Direction::Forward, tensors(), workspace(), {.stream = &stream});
  op->run(Direction::Backward, tensors(), workspace());
  ASSERT_EQ(fake.launches.size(), 2u);
  EXPECT_EQ(fake.launches[0].context->device, 1);
  EXPECT_EQ(fake.launches[0].stream, &stream);
  EXPECT_EQ(fake.launches[0].parameters, (std::vector<uint64_t>{0x1000, 256, 128, 8, 0x4000, 0x2000}));
  EXPECT_EQ(fake.launches[1].stream, nullptr);
}

TEST_F(CudaOpTest, RunsTheLaunchesAskedFor) {
  auto op = load();
  ASSERT_EQ(op->launches(Direction::Forward).size(), 1u);
  EXPECT_EQ(op->launches(Direction::Forward)[0].kernel, "attend");
  EXPECT_EQ(op->launches(Direction::Forward)[0].items, 2);
  EXPECT_EQ(op->launches(Direction::Forward)[0].threads, 128);
  op->run(Direction::Forward, tensors(), workspace(), {.first_launch = 1});
  EXPECT_EQ(fake.launches.size(), 0u);
  op->run(Direction::Forward, tensors(), workspace(), {.first_launch = 0, .end_launch = 1});
  EXPECT_EQ(fake.launches.size(), 1u);
  EXPECT_EQ(thrown<InvalidArgument>([&] { op->run(Direction::Forward, tensors(), workspace(), {.first_launch = 2}); }),
            "launches: expects a range inside 0 to 1 for forward, but got 2 to 1");
}

TEST_F(CudaOpTest, RefusesWhatKernelsCannotRead) {
  auto op = load();
  auto refusal = [&](const std::vector<TensorRef> &tensors, void *memory) {
    return thrown<InvalidArgument>([&] { op->run(Direction::Forward, tensors, memory); });
  };
  EXPECT_EQ(refusal(tensors(), workspace()), "none");
  EXPECT_EQ(refusal({tensors()[0]}, workspace()), "tensors: expects 2 for forward (q, out), but got 1");
  EXPECT_EQ(refusal(tensors(), nullptr), "workspace: expects 128 bytes, but got a null pointer");
  std::vector<TensorRef> bad = tensors();
  bad[0].strides[3] = 2;
  EXPECT_EQ(refusal(bad, workspace()), "q: expects its last dimension to be contiguous (stride 1), but got stride 2");
  bad = tensors();
  bad[1].data = reinterpret_cast<void *>(0x2004);
  EXPECT_EQ(refusal(bad, workspace()), "out: expects an address that is a multiple of 16, but got one 4 above");
  bad = tensors();
  bad[0].strides = {1, 128, 12, 1}; // there is one batch entry: its stride does not matter
  EXPECT_EQ(refusal(bad, workspace()),
            "q: expects strides that are multiples of 8 elements (16 bytes), but got 12 in dimension 2");
  EXPECT_EQ(fake.launches.size(), 1u);
}

TEST_F(CudaOpTest, GatesMayStartAtAnyNumber) {
  CompiledModule module = smallModule();
  module.plans[0].buffers[0] = {"g", BufferRole::Input, "float32", {1, 2, 16}, true, 0};
  StringRef ptx = ".entry attend(.param g, .param g0, .param g1, .param scratch, .param out)";
  module.code[0].assign(ptx.begin(), ptx.end());
  auto op = cantFail(CudaOp::load(smallSpec(), std::move(module), cantFail(CudaContext::of(0)), Origin::Compiled));
  std::vector<TensorRef> gates = tensors();
  gates[0] = {reinterpret_cast<void *>(0x1004), {0, 17, 1}};
  op->run(Direction::Forward, gates, workspace());
  ASSERT_EQ(fake.launches.size(), 1u);
  EXPECT_EQ(fake.launches[0].parameters[0], 0x1004u);
  EXPECT_EQ(fake.launches[0].parameters[2], 17u);
  gates[0].data = reinterpret_cast<void *>(0x1002);
  EXPECT_EQ(thrown<InvalidArgument>([&] { op->run(Direction::Forward, gates, workspace()); }),
            "g: expects an address that is a multiple of 4, but got one 2 above");
}

TEST_F(CudaOpTest, FailuresNameSpecDeviceAndKernel) {
  auto op = load();
  fake.failures["cuLaunchKernel"] = 701;
  std::string message = thrown<DeviceError>([&] { op->run(Direction::Backward, tensors(), workspace()); });
  EXPECT_EQ(message, "running [" + smallSpec().str() +
                         "] backward on cuda:0 failed: kernel 'attend', 2 blocks of 128 threads and 0 bytes of shared "
                         "memory: cuLaunchKernel: CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES (too many resources requested for "
                         "launch)");
}

TEST_F(CudaOpTest, BothDirectionsAreRequired) {
  CompiledModule module = smallModule();
  module.plans.pop_back();
  Expected<std::shared_ptr<const Op>> op =
      CudaOp::load(smallSpec(), std::move(module), cantFail(CudaContext::of(0)), Origin::Disk);
  ASSERT_FALSE(bool(op));
  EXPECT_EQ(toString(op.takeError()), "expects plans forward and backward, but got none named backward");
  EXPECT_EQ(fake.loaded, 0);
}

TEST_F(CudaOpTest, GetChecksTheDevice) {
  auto refusal = [](int ordinal) {
    return thrown<InvalidArgument>([&] { Op::get(smallSpec(), Device::cuda(ordinal)); });
  };
  EXPECT_EQ(refusal(2), "device: expects cuda:0 to cuda:1, but got cuda:2");
  EXPECT_EQ(refusal(-1), "device: expects cuda:0 to cuda:1, but got cuda:-1");
  fake.capabilities = {75};
  EXPECT_EQ(thrown<DeviceError>([] { Op::get(smallSpec(), Device::cuda()); }),
            "expects a GPU of compute capability 8.0 (Ampere) or later, but got 7.5");
  fake.capabilities = {};
  EXPECT_EQ(refusal(0), "device: expects the CPU, as there is no GPU, but got cuda:0");
}

TEST_F(CudaOpTest, Devices) {
  fake.capabilities = {90, 75};
  std::vector<DeviceInfo> found = devices();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].device, Device::cuda(0));
  EXPECT_EQ(found[0].name, "Fake GPU 0");
  EXPECT_EQ(found[0].capability_major, 9);
  EXPECT_EQ(found[0].arch, "sm_90a");
  EXPECT_EQ(found[0].trouble, "");
  EXPECT_EQ(found[1].arch, "");
  EXPECT_EQ(found[1].trouble, "expects a GPU of compute capability 8.0 (Ampere) or later, but got 7.5");
  EXPECT_EQ(driverInfo().cuda, "13.0");
  EXPECT_EQ(driverInfo().trouble, "");
}

TEST_F(CudaOpTest, EmitChecksStageAndArchitecture) {
  auto refusal = [](EmitStage stage, const char *arch) {
    return thrown<InvalidArgument>([&] { emit(smallSpec(), stage, "", arch); });
  };
  EXPECT_EQ(refusal(EmitStage::PTX, "sm_70"),
            "arch: expects one of sm_80, sm_86, sm_89, sm_90a, sm_100a, sm_103a, sm_120a, but got 'sm_70'");
  EXPECT_EQ(refusal(EmitStage::Loops, "sm_90a"),
            "stage: expects stages, fused, tile, nvvm, llvm, ptx or sass for sm_90a, but got one of the host CPU");
  EXPECT_EQ(refusal(EmitStage::PTX, ""),
            "stage: expects stages, fused, loops, llvm or asm without an architecture, but "
            "got one of a GPU; name its architecture, for example sm_90a");
}

//===----------------------------------------------------------------------===//
// Op::get: from the compiler or a cache into the driver
//===----------------------------------------------------------------------===//

namespace {

constexpr size_t kKernels = 4; ///< of smallSpec, each loaded alone

/// Each test has a disk cache of its own and no ptxas but the script it installs.
class CudaGetTest : public CudaOpTest {
protected:
  void SetUp() override {
    try {
      emit(smallSpec(), EmitStage::PTX, "", "sm_90a");
    } catch (const CompileError &error) {
      GTEST_SKIP() << error.what();
    }
    CudaOpTest::SetUp();
    char pattern[] = "/tmp/lighthouse-cuda-op-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    folder = pattern;
    setenv("LIGHTHOUSE_CACHE_DIR", (folder + "/cache").c_str(), 1);
    setenv("LIGHTHOUSE_PTXAS", "0", 1);
    clearMemoryCache();
  }
  void TearDown() override {
    clearMemoryCache();
    unsetenv("LIGHTHOUSE_CACHE_DIR");
    unsetenv("LIGHTHOUSE_PTXAS");
    if (!folder.empty())
      std::filesystem::remove_all(folder);
  }

  /// A ptxas whose machine code is the PTX behind the mark of an ELF file, or what `body` makes.
  void installPtxas(const std::string &body = R"(
while [ $# -gt 3 ]; do shift; done
{ printf '\177ELF'; cat "$1"; } >"$3"
)") const {
    std::string file = folder + "/ptxas";
    std::ofstream(file) << "#!/bin/sh\nif [ \"$1\" = --version ]; then echo V12.8.61; exit; fi\n" << body;
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    setenv("LIGHTHOUSE_PTXAS", file.c_str(), 1);
  }
  static std::shared_ptr<const Op> get(int ordinal = 0) { return Op::get(smallSpec(), Device::cuda(ordinal)); }
  /// The images of the n-th op that was loaded, sorted: the driver may get them in any order.
  std::vector<std::string> images(size_t op) const {
    EXPECT_GE(fake.images.size(), (op + 1) * kKernels);
    auto first = fake.images.begin() + op * kKernels;
    std::vector<std::string> found(first, first + kKernels);
    llvm::sort(found);
    return found;
  }
  static bool isCubin(const std::string &image) { return image.rfind("\177ELF", 0) == 0; }

  std::string folder;
};

} // namespace

TEST_F(CudaGetTest, TheDriverCompilesWithoutPtxas) {
  auto op = get();
  EXPECT_EQ(op->origin(), Origin::Compiled);
  EXPECT_EQ(get(), op);
  ASSERT_EQ(fake.images.size(), kKernels);
  for (const std::string &image : fake.images) {
    EXPECT_FALSE(isCubin(image));
    EXPECT_NE(image.find(".target sm_90a"), std::string::npos);
    EXPECT_EQ(StringRef(image).count(".entry"), 1u);
  }
  clearMemoryCache();
  EXPECT_EQ(get()->origin(), Origin::Disk);
  EXPECT_EQ(images(1), images(0));
}

TEST_F(CudaGetTest, EmittedPtxIsWhatIsLoaded) {
  auto op = get();
  std::string whole = emit(smallSpec(), EmitStage::PTX, "", "sm_90a");
  EXPECT_EQ(StringRef(whole).count(".version"), 1u);
  EXPECT_EQ(StringRef(whole).count(".entry"), kKernels);
  for (StringRef image : images(0)) {
    EXPECT_NE(whole.find(image.substr(image.find(".visible"))), std::string::npos);
    std::string kernel = image.substr(image.find(".entry ") + 7).take_until([](char c) { return c == '('; }).str();
    EXPECT_EQ(emit(smallSpec(), EmitStage::PTX, kernel, "sm_90a"), image);
  }
}

/// Attention backward that adds up gradients in any order, where it may.
static Spec wideSpec() { return {.dtype = DType::BFloat16, .seq_len = 128, .head_dim = 64}; }

TEST_F(CudaGetTest, SignaturesNeedNoCode) {
  Spec levels{.dtype = DType::BFloat16, .seq_len = 1100, .head_dim = 64, .num_levels = 3, .topk = 256};
  for (const Spec &spec : {wideSpec(), levels})
    for (bool deterministic : {false, true}) {
      Signatures before = signatures(spec, Device::cuda(), {.deterministic = deterministic});
      int loaded = fake.loaded;
      auto op = Op::get(spec, Device::cuda(), {.deterministic = deterministic});
      EXPECT_GT(fake.loaded, loaded) << "what came before loaded nothing";
      EXPECT_EQ(before.forward, op->signature(Direction::Forward)) << spec.str();
      EXPECT_EQ(before.backward, op->signature(Direction::Backward)) << spec.str();
    }
  EXPECT_THROW(signatures(wideSpec(), Device::cuda(9)), InvalidArgument);
}

TEST_F(CudaGetTest, DeterministicOpsAreOthersBesideTheDefault) {
  auto op = Op::get(wideSpec(), Device::cuda()), other = Op::get(wideSpec(), Device::cuda(), {.deterministic = true});
  EXPECT_NE(op, other);
  auto names = [](const Op &each, Direction direction) {
    std::vector<std::string> list;
    for (const LaunchInfo &launch : each.launches(direction))
      list.push_back(launch.kernel);
    return list;
  };
  EXPECT_EQ(names(*op, Direction::Backward),
            (std::vector<std::string>{"backward_row_dot", "backward_attend_backward_joined"}));
  EXPECT_EQ(names(*other, Direction::Backward),
            (std::vector<std::string>{"backward_row_dot", "backward_attend_backward_keys",
                                      "backward_attend_backward_queries"}));
  EXPECT_EQ(names(*op, Direction::Forward), names(*other, Direction::Forward));
  int loaded = fake.loaded;
  EXPECT_EQ(Op::get(wideSpec(), Device::cuda()), op);
  EXPECT_EQ(Op::get(wideSpec(), Device::cuda(), {.deterministic = true}), other);
  EXPECT_EQ(fake.loaded, loaded) << "toggling loads nothing";
  clearMemoryCache();
  EXPECT_EQ(Op::get(wideSpec(), Device::cuda())->origin(), Origin::Disk);
  EXPECT_EQ(Op::get(wideSpec(), Device::cuda(), {.deterministic = true})->origin(), Origin::Disk);
}

TEST_F(CudaGetTest, DeterministicOrNotForwardIsTheSameAndWhatBackwardReads) {
  for (int64_t levels : {1, 2}) {
    Spec spec = wideSpec();
    spec.seq_len = 512;
    spec.num_levels = levels;
    auto op = Op::get(spec, Device::cuda()), other = Op::get(spec, Device::cuda(), {.deterministic = true});
    for (Direction direction : {Direction::Forward, Direction::Backward}) {
      const Signature &one = op->signature(direction), &two = other->signature(direction);
      ASSERT_EQ(one.arguments.size(), two.arguments.size());
      for (size_t i = 0; i < one.arguments.size(); ++i) {
        const Argument &x = one.arguments[i], &y = two.arguments[i];
        if (direction == Direction::Backward && x.is_output && y.is_output)
          continue;
        EXPECT_EQ(std::tie(x.name, x.dtype, x.shape, x.is_output, x.strided),
                  std::tie(y.name, y.dtype, y.shape, y.is_output, y.strided));
      }
    }
    for (const LaunchInfo &launch : op->launches(Direction::Forward))
      EXPECT_EQ(emit(spec, EmitStage::PTX, launch.kernel, "sm_90a"),
                emit(spec, EmitStage::PTX, launch.kernel, "sm_90a", {}, {.deterministic = true}));
  }
}

TEST_F(CudaGetTest, DeterministicOpsAreTheDefaultWhereThatIsDeterministic) {
  auto same = [](const Spec &spec, int device = 0) {
    return Op::get(spec, Device::cuda(device)) == Op::get(spec, Device::cuda(device), {.deterministic = true});
  };
  Spec exact = wideSpec(), wider = wideSpec(), gather = wideSpec();
  exact.dtype = DType::Float32;
  wider.head_dim = 136;
  gather.op = OpKind::Gather;
  gather.seq_len = 512;
  gather.num_levels = 2;
  for (const Spec &spec : {exact, wider, gather})
    EXPECT_TRUE(same(spec)) << spec.str();
  fake.capabilities = {90, 80};
  EXPECT_TRUE(same(wideSpec(), 1));
  EXPECT_EQ(Op::get(wideSpec()), Op::get(wideSpec(), Device::cpu(), {.deterministic = true}));
}

/// What decides it for an op decides it for the compiler.
TEST(Determinism, RuleIsThatOfTheKernels) {
  for (DType dtype : {DType::Float32, DType::BFloat16, DType::Float16})
    for (int64_t head_dim : {64, 128, 136})
      for (OpKind op : {OpKind::Attention, OpKind::Gather, OpKind::Scatter})
        for (const char *arch : {"sm_80", "sm_90a", "sm_100a"}) {
          Spec spec = {.op = op, .dtype = dtype, .seq_len = 512, .head_dim = head_dim, .num_levels = 2};
          bool differs = emit(spec, EmitStage::Fused, "", arch) !=
                         emit(spec, EmitStage::Fused, "", arch, {}, {.deterministic = true});
          EXPECT_EQ(differs, dependsOnDeterminism(spec, cantFail(CudaTarget::fromArch(arch)))) << spec.str() << arch;
        }
}

TEST_F(CudaGetTest, DevicesShareCode) {
  setenv("LIGHTHOUSE_CACHE", "0", 1);
  auto first = get(0), second = get(1);
  unsetenv("LIGHTHOUSE_CACHE");
  EXPECT_NE(first, second);
  EXPECT_EQ(second->device(), Device::cuda(1));
  EXPECT_EQ(images(0), images(1));
}

TEST_F(CudaGetTest, MachineCodeOfPtxasIsKept) {
  installPtxas();
  EXPECT_EQ(get()->origin(), Origin::Compiled);
  EXPECT_TRUE(isCubin(fake.images.at(0)));
  clearMemoryCache();
  EXPECT_EQ(get()->origin(), Origin::Disk);
  EXPECT_TRUE(all_of(images(1), isCubin));
  EXPECT_EQ(images(1), images(0));
  // Who assembled is part of the key.
  clearMemoryCache();
  setenv("LIGHTHOUSE_PTXAS", "0", 1);
  EXPECT_EQ(get()->origin(), Origin::Compiled);
}

TEST_F(CudaGetTest, GpusThatRunPtxOnlyNeedNoPtxas) {
  installPtxas();
  fake.capabilities = {121}; // its code is that of sm_89
  EXPECT_EQ(get()->origin(), Origin::Compiled);
  EXPECT_FALSE(isCubin(fake.images.at(0)));
}

TEST_F(CudaGetTest, FailingPtxasIsReplacedByTheDriver) {
  installPtxas("echo no space >&2; exit 1\n");
  for (int round = 0; round < 2; ++round) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(get()->origin(), Origin::Compiled) << "nothing was stored";
    std::string said = testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("the driver compiles instead of ptxas"), std::string::npos) << said;
    EXPECT_NE(said.find("no space"), std::string::npos) << said;
    EXPECT_FALSE(isCubin(fake.images.back()));
    clearMemoryCache();
  }
}

TEST_F(CudaGetTest, RefusedMachineCodeIsReplacedByPtx) {
  installPtxas();
  fake.refused_prefix = "\177ELF";
  testing::internal::CaptureStderr();
  EXPECT_EQ(get()->origin(), Origin::Compiled);
  std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("compiling anew, as machine code of ptxas does not load: cuModuleLoadDataEx"), std::string::npos)
      << said;
  ASSERT_EQ(fake.images.size(), kKernels);
  EXPECT_TRUE(none_of(fake.images, isCubin));
  clearMemoryCache();
  EXPECT_EQ(get()->origin(), Origin::Disk) << "the disk has what loads";
}

TEST_F(CudaGetTest, RefusedPtxNamesTheSpec) {
  fake.failures["cuModuleLoadDataEx"] = 218;
  std::string message = thrown<CompileError>([] { get(); });
  EXPECT_EQ(message.find("compiling [" + smallSpec().str() + "] failed: cuModuleLoadDataEx: CUDA_ERROR_INVALID_PTX"),
            0u)
      << message;
}
