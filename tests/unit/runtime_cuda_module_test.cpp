// SPDX-License-Identifier: Apache-2.0
//
// CudaContext and CudaModule on the fake driver: whose context is used and for how long, what is loaded and launched.
#include "runtime/CudaModule.h"
#include "tests/unit/fake_cuda.h"

#include "llvm/ADT/STLExtras.h"

#include <thread>

using namespace lighthouse;
using namespace llvm;

namespace {

/// forward: `first` reads a strided and a plain input into workspace in the output, `second` reads that and the plain
/// workspace into the output.
CompiledModule smallModule() {
  CompiledModule module;
  module.target = "cuda:sm_90a";
  LaunchPlan forward;
  forward.name = "forward";
  forward.workspace_bytes = 256;
  forward.buffers = {{"q", BufferRole::Input, "float32", {1, 2, 16, 8}, true, 0},
                     {"indices", BufferRole::Input, "int32", {1, 2, 4}, false, 0},
                     {"out", BufferRole::Output, "float32", {1, 2, 16, 8}, true, 0},
                     {"in_out", BufferRole::Workspace, "float32", {32}, false, 64, 2},
                     {"scratch", BufferRole::Workspace, "float32", {32}, false, 128}};
  forward.launches = {{"first", 7, {0, 1, 3}, 128, 1024}, {"second", 3, {3, 4, 2}, 256, 100 * 1024}};
  LaunchPlan backward;
  backward.name = "backward";
  backward.buffers = {{"dout", BufferRole::Input, "float32", {4}, false, 0}};
  backward.launches = {{"first", 0, {0}, 32, 0}};
  module.plans = {forward, backward};
  StringRef first = ".version 8.0\n"
                    ".entry first(.param q, .param q0, .param q1, .param q2, .param indices, .param in_out)";
  StringRef second = ".version 8.0\n"
                     ".entry second(.param in_out, .param scratch, .param out, .param o0, .param o1, .param o2)";
  for (StringRef ptx : {first, second})
    module.code.emplace_back(ptx.begin(), ptx.end());
  return module;
}

class CudaModuleTest : public FakeCudaTest {
protected:
  static std::shared_ptr<const CudaContext> contextOf(int ordinal) { return cantFail(CudaContext::of(ordinal)); }
  static std::unique_ptr<CudaModule> load(CompiledModule module = smallModule(), int ordinal = 0) {
    return cantFail(CudaModule::load(std::move(module), contextOf(ordinal)));
  }
  /// Why a module is refused.
  static std::string refusal(CompiledModule module) {
    Expected<std::unique_ptr<CudaModule>> loaded = CudaModule::load(std::move(module), contextOf(0));
    return loaded ? "accepted" : toString(loaded.takeError());
  }
  /// Runs forward on addresses 0x1000, 0x2000, 0x3000 and workspace 0x4000.
  static Error runForward(const CudaModule &module, void *stream = nullptr) {
    TensorArg args[] = {{reinterpret_cast<void *>(0x1000), {256, 128, 8, 1}},
                        {reinterpret_cast<void *>(0x2000), {}},
                        {reinterpret_cast<void *>(0x3000), {512, 8, 16, 1}}};
    return module.run(*module.findPlan("forward"), args, reinterpret_cast<void *>(0x4000),
                      static_cast<CUstream>(stream));
  }

  int calls(StringRef name) const { return count(fake.calls, name); }
  const CudaDriver &driver = *cantFail(CudaDriver::get());
};

} // namespace

TEST_F(CudaModuleTest, LaunchesWithItsParameters) {
  std::unique_ptr<CudaModule> module = load();
  int stream = 0;
  EXPECT_EQ(toString(runForward(*module, &stream)), "");
  ASSERT_EQ(fake.launches.size(), 2u);
  const FakeLaunch &first = fake.launches[0], &second = fake.launches[1];
  EXPECT_EQ(first.kernel, "first");
  EXPECT_EQ(first.grid, 7u);
  EXPECT_EQ(first.block, 128u);
  EXPECT_EQ(first.shared_bytes, 1024u);
  EXPECT_EQ(first.stream, &stream);
  EXPECT_EQ(first.parameters, (std::vector<uint64_t>{0x1000, 256, 128, 8, 0x2000, 0x3000 + 64}));
  EXPECT_EQ(second.kernel, "second");
  EXPECT_EQ(second.shared_bytes, 100u * 1024);
  EXPECT_EQ(second.parameters, (std::vector<uint64_t>{0x3000 + 64, 0x4000 + 128, 0x3000, 512, 8, 16}));
}

TEST_F(CudaModuleTest, RunningOnlyLaunches) {
  std::unique_ptr<CudaModule> module = load();
  fake.calls.clear();
  EXPECT_EQ(toString(runForward(*module)), "");
  std::set<std::string> allowed = {"cuCtxGetCurrent", "cuCtxPushCurrent", "cuCtxPopCurrent", "cuStreamIsCapturing",
                                   "cuLaunchKernel"};
  for (const std::string &call : fake.calls)
    EXPECT_TRUE(allowed.count(call)) << call;
  EXPECT_EQ(calls("cuLaunchKernel"), 2);
}

/// smallModule() whose `second` adds to the output and the plain workspace, and says so.
static CompiledModule zeroedModule() {
  CompiledModule module = smallModule();
  module.plans[0].launches[1].zeroed = {1, 2};
  return module;
}

TEST_F(CudaModuleTest, MemoryIsZeroBeforeALaunchThatAsks) {
  std::unique_ptr<CudaModule> module = load(zeroedModule());
  fake.calls.clear();
  int stream = 0;
  EXPECT_EQ(toString(runForward(*module, &stream)), "");
  ASSERT_EQ(fake.memsets.size(), 2u);
  const FakeMemset &scratch = fake.memsets[0], &out = fake.memsets[1];
  EXPECT_EQ(scratch.address, 0x4000u + 128);
  EXPECT_EQ(scratch.count, 32u);
  EXPECT_EQ(out.address, 0x3000u);
  EXPECT_EQ(out.count, 2u * 16 * 8);
  for (const FakeMemset &each : fake.memsets) {
    EXPECT_EQ(each.value, 0u);
    EXPECT_EQ(each.stream, &stream);
  }
  std::vector<std::string> order;
  copy_if(fake.calls, std::back_inserter(order),
          [](StringRef call) { return call == "cuMemsetD32Async" || call == "cuLaunchKernel"; });
  EXPECT_EQ(order,
            (std::vector<std::string>{"cuLaunchKernel", "cuMemsetD32Async", "cuMemsetD32Async", "cuLaunchKernel"}));
}

TEST_F(CudaModuleTest, FailingMemsetNamesKernelAndBuffer) {
  std::unique_ptr<CudaModule> module = load(zeroedModule());
  fake.failures["cuMemsetD32Async"] = 1;
  EXPECT_EQ(toString(runForward(*module)),
            "kernel 'second', buffer 'scratch': cuMemsetD32Async: CUDA_ERROR_INVALID_VALUE (invalid argument)");
  EXPECT_EQ(fake.launches.size(), 1u);
}

TEST_F(CudaModuleTest, NothingIsSetForAnEmptyLaunch) {
  CompiledModule module = zeroedModule();
  module.plans[0].launches[1].items = 0;
  EXPECT_EQ(toString(runForward(*load(module))), "");
  EXPECT_TRUE(fake.memsets.empty());
}

TEST_F(CudaModuleTest, AMemsetIsNotOvertaken) {
  CompiledModule module = zeroedModule();
  for (Launch &launch : module.plans[0].launches)
    launch.programmatic = true;
  EXPECT_EQ(toString(runForward(*load(module))), "");
  ASSERT_EQ(fake.launches.size(), 2u);
  EXPECT_FALSE(fake.launches[1].programmatic);
}

/// forward's launches, both with programmatic set.
static CompiledModule programmaticModule() {
  CompiledModule module = smallModule();
  for (Launch &launch : module.plans[0].launches)
    launch.programmatic = true;
  return module;
}

TEST_F(CudaModuleTest, ProgrammaticLaunchesFollowOurs) {
  std::unique_ptr<CudaModule> module = load(programmaticModule());
  int stream = 0;
  for (bool capturing : {false, true}) {
    fake.launches.clear();
    fake.capturing = capturing;
    EXPECT_EQ(toString(runForward(*module, &stream)), "");
    ASSERT_EQ(fake.launches.size(), 2u);
    EXPECT_FALSE(fake.launches[0].programmatic) << "a kernel of the caller's is in front of it";
    const FakeLaunch &second = fake.launches[1];
    EXPECT_TRUE(second.programmatic);
    EXPECT_EQ(second.grid, 3u);
    EXPECT_EQ(second.block, 256u);
    EXPECT_EQ(second.shared_bytes, 100u * 1024);
    EXPECT_EQ(second.stream, &stream);
    EXPECT_EQ(second.parameters, (std::vector<uint64_t>{0x3000 + 64, 0x4000 + 128, 0x3000, 512, 8, 16}));
  }
  fake.failures["cuLaunchKernelEx"] = 701;
  EXPECT_EQ(toString(runForward(*module)),
            "kernel 'second', 3 blocks of 256 threads and 102400 bytes of shared memory: cuLaunchKernelEx: "
            "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES (too many resources requested for launch)");
  module.reset(); // captured code stays loaded
  fake.loaded -= 2;
}

TEST_F(CudaModuleTest, CallsOnOneStreamAreGraphs) {
  std::unique_ptr<CudaModule> module = load(programmaticModule());
  EXPECT_EQ(fake.graphs, 1);
  int stream = 0, other = 0;
  EXPECT_EQ(toString(runForward(*module, &stream)), "");
  ASSERT_EQ(fake.launches.size(), 2u);
  std::vector<FakeLaunch> plain = std::move(fake.launches);
  for (int repeat = 0; repeat < 2; ++repeat) {
    fake.launches.clear();
    fake.calls.clear();
    EXPECT_EQ(toString(runForward(*module, &stream)), "");
    EXPECT_EQ(calls("cuGraphLaunch"), 1);
    EXPECT_EQ(calls("cuLaunchKernel") + calls("cuLaunchKernelEx"), 0);
    ASSERT_EQ(fake.launches.size(), 2u);
    for (auto [each, expected] : zip_equal(fake.launches, plain)) {
      EXPECT_EQ(each.kernel, expected.kernel);
      EXPECT_EQ(each.grid, expected.grid);
      EXPECT_EQ(each.block, expected.block);
      EXPECT_EQ(each.shared_bytes, expected.shared_bytes);
      EXPECT_EQ(each.stream, &stream);
      EXPECT_EQ(each.parameters, expected.parameters);
      EXPECT_EQ(each.programmatic, expected.programmatic);
    }
  }
  fake.calls.clear();
  EXPECT_EQ(toString(runForward(*module, &other)), "");
  EXPECT_EQ(calls("cuGraphLaunch"), 0) << "it would wait for its last launch on the stream before";
  EXPECT_EQ(toString(runForward(*module, &other)), "");
  EXPECT_EQ(calls("cuGraphLaunch"), 1);
  module.reset();
  EXPECT_EQ(fake.graphs, 0);
}

TEST_F(CudaModuleTest, CapturedCallsArePlain) {
  std::unique_ptr<CudaModule> module = load();
  EXPECT_EQ(toString(runForward(*module)), "");
  fake.capturing = true;
  EXPECT_EQ(toString(runForward(*module)), "");
  EXPECT_EQ(calls("cuGraphLaunch"), 0);
  EXPECT_EQ(fake.launches.size(), 4u);
  module.reset(); // captured code stays loaded
  fake.loaded -= 2;
}

TEST_F(CudaModuleTest, EmptyLaunchesAreInNoGraph) {
  CompiledModule changed = smallModule();
  changed.plans[0].launches[1].items = 0;
  std::unique_ptr<CudaModule> module = load(changed);
  EXPECT_EQ(fake.graphs, 0);
  for (int repeat = 0; repeat < 2; ++repeat)
    EXPECT_EQ(toString(runForward(*module)), "");
  EXPECT_EQ(calls("cuGraphLaunch"), 0);
  EXPECT_EQ(fake.launches.size(), 2u);
}

TEST_F(CudaModuleTest, GraphsDoNotCrossAMemset) {
  CompiledModule changed = zeroedModule();
  Launch third = changed.plans[0].launches[1];
  third.zeroed.clear();
  changed.plans[0].launches.push_back(third);
  std::unique_ptr<CudaModule> module = load(changed);
  EXPECT_EQ(toString(runForward(*module)), "");
  fake.calls.clear();
  EXPECT_EQ(toString(runForward(*module)), "");
  std::vector<std::string> order;
  copy_if(fake.calls, std::back_inserter(order), [](StringRef call) {
    return call == "cuMemsetD32Async" || call == "cuLaunchKernel" || call == "cuGraphLaunch";
  });
  EXPECT_EQ(order,
            (std::vector<std::string>{"cuLaunchKernel", "cuMemsetD32Async", "cuMemsetD32Async", "cuGraphLaunch"}));
}

TEST_F(CudaModuleTest, OlderDriversKnowNoGraphs) {
  EXPECT_TRUE(LaunchGraph::isKnownTo(driver));
  fake.version = 12090;
  EXPECT_FALSE(LaunchGraph::isKnownTo(cantFail(CudaDriver::open(fakeLibrary()))));
}

TEST_F(CudaModuleTest, FailingGraphsNameTheirKernels) {
  std::unique_ptr<CudaModule> module = load();
  EXPECT_EQ(toString(runForward(*module)), "");
  fake.failures["cuGraphLaunch"] = 700;
  EXPECT_EQ(toString(runForward(*module)), "kernel 'first' and 1 behind it: cuGraphLaunch: CUDA_ERROR_ILLEGAL_ADDRESS "
                                           "(an illegal memory access was encountered)");
  fake.failures = {{"cuGraphExecKernelNodeSetParams", 1}};
  EXPECT_EQ(toString(runForward(*module)),
            "kernel 'first', 7 blocks of 128 threads and 1024 bytes of shared memory: cuGraphExecKernelNodeSetParams: "
            "CUDA_ERROR_INVALID_VALUE (invalid argument)");
  fake.failures = {{"cuGraphInstantiateWithFlags", 2}};
  EXPECT_EQ(refusal(smallModule()), "kernel 'first' and those behind it: cuGraphInstantiate: CUDA_ERROR_OUT_OF_MEMORY "
                                    "(out of memory)");
}

TEST_F(CudaModuleTest, NothingOfOursIsBeforeAnEmptyLaunch) {
  CompiledModule module = programmaticModule();
  module.plans[0].launches[0].items = 0;
  EXPECT_EQ(toString(runForward(*load(module))), "");
  ASSERT_EQ(fake.launches.size(), 1u);
  EXPECT_FALSE(fake.launches[0].programmatic);
}

TEST_F(CudaModuleTest, EmptyLaunchesAreLeftOut) {
  std::unique_ptr<CudaModule> module = load();
  TensorArg dout = {reinterpret_cast<void *>(0x1000), {}};
  EXPECT_EQ(toString(module->run(*module->findPlan("backward"), dout, nullptr, nullptr)), "");
  EXPECT_TRUE(fake.launches.empty());
}

TEST_F(CudaModuleTest, AsksForSharedMemoryAbove48KiB) {
  std::unique_ptr<CudaModule> module = load();
  EXPECT_EQ(calls("cuFuncSetAttribute"), 1);
  CompiledModule large = smallModule();
  large.plans[0].launches[0].shared_bytes = 300 * 1024;
  EXPECT_EQ(refusal(large),
            "kernel 'first': 307200 bytes of dynamic shared memory: CUDA_ERROR_INVALID_VALUE (invalid argument)");
}

TEST_F(CudaModuleTest, TellsWhatKernelsUse) {
  std::unique_ptr<CudaModule> module = load();
  EXPECT_NE(module->log().find("Compiling entry function 'first'"), StringRef::npos);
  auto first = find_if(module->uses(), [](const KernelUse &use) { return use.kernel == "first"; });
  ASSERT_NE(first, module->uses().end());
  EXPECT_EQ(first->registers, 32) << "the driver knows better than its log";
  EXPECT_EQ(first->spill_store_bytes, 4);
  EXPECT_EQ(module->uses().size(), 2u);
}

TEST_F(CudaModuleTest, NotesAreOfTheirOwnObject) {
  CompiledModule module = smallModule();
  StringRef text = " setmaxnreg";
  module.code.back().append(text.begin(), text.end());
  std::unique_ptr<CudaModule> loaded = load(module);
  ASSERT_EQ(loaded->uses().size(), 2u);
  EXPECT_TRUE(loaded->uses()[0].notes.empty());
  ASSERT_EQ(loaded->uses()[1].notes.size(), 1u);
  EXPECT_EQ(loaded->uses()[1].notes[0].find("(C7508) "), 0u);
}

TEST_F(CudaModuleTest, RefusedCodeComesWithTheLog) {
  CompiledModule module = smallModule();
  StringRef text = "// REFUSED";
  module.code.back().assign(text.begin(), text.end());
  EXPECT_EQ(refusal(module), "cuModuleLoadDataEx: CUDA_ERROR_INVALID_PTX (a PTX JIT compilation failed): ptxas "
                             "application ptx input, line 7; fatal   : Parsing error");
  EXPECT_EQ(fake.loaded, 0) << "what was loaded beside it is unloaded";
}

TEST_F(CudaModuleTest, ObjectsAreLoadedAtOnce) {
  CompiledModule module = smallModule();
  for (int i = 0; i < 6; ++i) {
    std::string ptx = ".entry other" + std::to_string(i) + "(.param dout)";
    module.code.emplace_back(ptx.begin(), ptx.end());
    module.plans[1].launches.push_back({"other" + std::to_string(i), 1, {0}, 32, 0});
  }
  fake.loads_that_meet = 2;
  setenv("LIGHTHOUSE_NUM_THREADS", "4", 1);
  std::unique_ptr<CudaModule> loaded = load(module);
  unsetenv("LIGHTHOUSE_NUM_THREADS");
  EXPECT_EQ(fake.loads_that_meet, 0);
  EXPECT_EQ(fake.loaded, 8);
  size_t begin = 0; // the log is in the objects' order, whichever came first
  for (const char *kernel : {"first", "second", "other0", "other5"}) {
    size_t at = loaded->log().find("'" + std::string(kernel) + "'");
    EXPECT_NE(at, StringRef::npos) << kernel;
    EXPECT_GE(at, begin) << kernel;
    begin = at;
  }
  TensorArg dout = {reinterpret_cast<void *>(0x1000), {}};
  EXPECT_EQ(toString(loaded->run(*loaded->findPlan("backward"), dout, nullptr, nullptr)), "");
  ASSERT_EQ(fake.launches.size(), 6u);
  EXPECT_EQ(fake.launches[5].kernel, "other5");
  loaded.reset();
  EXPECT_EQ(fake.loaded, 0);
  EXPECT_EQ(fake.primary[0].retained, 0);
}

TEST_F(CudaModuleTest, RefusesWhatDoesNotFit) {
  CompiledModule module = smallModule();
  module.plans[0].launches[1].kernel = "third";
  EXPECT_EQ(refusal(module), "kernel 'third': cuModuleGetFunction: CUDA_ERROR_NOT_FOUND (named symbol not found)");
  module = smallModule();
  module.plans[0].launches[0].threads = 0;
  EXPECT_NE(refusal(module).find("launches[0].shared_bytes expects 0"), std::string::npos) << refusal(module);
  module.plans[0].launches[0].shared_bytes = 0;
  EXPECT_EQ(refusal(module), "kernel 'first': expects 1 to 1024 threads a block, with its 32 registers, but got 0");
  fake.attributes = {{0, 64}, {4, 255}};
  EXPECT_EQ(refusal(smallModule()),
            "kernel 'first': expects 1 to 64 threads a block, with its 255 registers, but got 128");
  EXPECT_EQ(fake.loaded, 0) << "what was loaded before the refusal is unloaded";
}

TEST_F(CudaModuleTest, FailingLaunchNamesTheKernel) {
  std::unique_ptr<CudaModule> module = load();
  fake.failures["cuLaunchKernel"] = 701;
  EXPECT_EQ(toString(runForward(*module)),
            "kernel 'first', 7 blocks of 128 threads and 1024 bytes of shared memory: cuLaunchKernel: "
            "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES (too many resources requested for launch)");
  fake.failures = {{"cuCtxPushCurrent", 201}};
  EXPECT_EQ(toString(runForward(*module)), "cuCtxPushCurrent: CUDA_ERROR_INVALID_CONTEXT (invalid device context)");
  fake.failures = {};
}

TEST_F(CudaModuleTest, HoldsItsPrimaryContext) {
  std::unique_ptr<CudaModule> module = load(), other = load(smallModule(), 1);
  EXPECT_EQ(fake.primary[0].retained, 1);
  EXPECT_EQ(fake.primary[1].retained, 1);
  EXPECT_EQ(fake.loaded, 4);
  EXPECT_EQ(toString(runForward(*other)), "");
  EXPECT_EQ(fake.launches[0].context, &fake.primary[1]);
  module.reset();
  EXPECT_EQ(fake.primary[0].retained, 0);
  EXPECT_EQ(fake.primary[1].retained, 1);
  EXPECT_EQ(fake.loaded, 2);
}

TEST_F(CudaModuleTest, CurrentContextIsLeftAsItWas) {
  std::unique_ptr<CudaModule> module = load(smallModule(), 1);
  FakeContext other = {0};
  driver.cuCtxPushCurrent(reinterpret_cast<CUcontext>(&other));
  EXPECT_EQ(toString(runForward(*module)), "");
  EXPECT_EQ(fake.launches[0].context, &fake.primary[1]);
  CUcontext current = nullptr;
  driver.cuCtxPopCurrent(&current);
  EXPECT_EQ(current, reinterpret_cast<CUcontext>(&other));
}

TEST_F(CudaModuleTest, TheCallersContextIsUsed) {
  FakeContext theirs = {1};
  driver.cuCtxPushCurrent(reinterpret_cast<CUcontext>(&theirs));
  {
    std::unique_ptr<CudaModule> module = load(smallModule(), 1);
    EXPECT_EQ(module->context().handle, reinterpret_cast<CUcontext>(&theirs));
    EXPECT_EQ(calls("cuDevicePrimaryCtxRetain"), 0) << "creating a context is costly";
    EXPECT_EQ(contextOf(0)->handle, reinterpret_cast<CUcontext>(&fake.primary[0])) << "another device's";
    std::thread([&] { EXPECT_EQ(toString(runForward(*module)), ""); }).join();
    EXPECT_EQ(fake.launches.at(0).context, &theirs) << "also on a thread without a context";
    // A primary context that others made active is not ours either.
    std::thread([&] {
      auto primary = contextOf(1);
      EXPECT_EQ(contextOf(1)->handle, primary->handle);
    }).join();
    EXPECT_EQ(contextOf(1)->handle, reinterpret_cast<CUcontext>(&theirs));
  }
  EXPECT_EQ(fake.primary[1].retained, 0);
  CUcontext popped = nullptr;
  driver.cuCtxPopCurrent(&popped);
}

TEST_F(CudaModuleTest, CapturedCodeStaysLoaded) {
  std::unique_ptr<CudaModule> module = load();
  fake.capturing = true;
  EXPECT_EQ(toString(runForward(*module)), "");
  module.reset();
  EXPECT_EQ(calls("cuModuleUnload"), 0);
  fake.loaded -= 2;

  // A stream that may not be asked, while another is captured.
  module = load();
  fake.failures["cuStreamIsCapturing"] = 906;
  EXPECT_EQ(toString(runForward(*module)), "");
  module.reset();
  EXPECT_EQ(calls("cuModuleUnload"), 0);
  fake.loaded -= 2;
}

TEST_F(CudaModuleTest, NoSuchDevice) {
  Expected<std::shared_ptr<const CudaContext>> context = CudaContext::of(2);
  ASSERT_FALSE(bool(context));
  EXPECT_EQ(toString(context.takeError()), "cuDeviceGet 2: error 101");
}
