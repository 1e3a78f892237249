// SPDX-License-Identifier: Apache-2.0
//
// HostModule: machine code made here from LLVM IR, loaded and run on the caller's buffers.
#include "runtime/HostModule.h"
#include "runtime/HostTarget.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

#include <cmath>
#include <gtest/gtest.h>
#include <thread>

using namespace lighthouse;
using namespace llvm;

/// `add`: item r adds row r of a (strided, [rows, 3]) and of b (row-major workspace) into out. `fill`: item r sets row
/// r of a row-major [rows, 3] buffer to 10 r + column. `exponential`: out[item] = expf(in[item]), so it needs libm.
static const char *kKernels = R"(
%d2 = type { ptr, ptr, i64, [2 x i64], [2 x i64] }
%d1 = type { ptr, ptr, i64, [1 x i64], [1 x i64] }

define ptr @at(ptr %slot, i64 %row, i64 %column) {
  %d = load ptr, ptr %slot
  %pbase = getelementptr %d2, ptr %d, i32 0, i32 1
  %base = load ptr, ptr %pbase
  %poffset = getelementptr %d2, ptr %d, i32 0, i32 2
  %offset = load i64, ptr %poffset
  %ps0 = getelementptr %d2, ptr %d, i32 0, i32 4, i32 0
  %s0 = load i64, ptr %ps0
  %ps1 = getelementptr %d2, ptr %d, i32 0, i32 4, i32 1
  %s1 = load i64, ptr %ps1
  %r = mul i64 %row, %s0
  %c = mul i64 %column, %s1
  %rc = add i64 %r, %c
  %index = add i64 %rc, %offset
  %p = getelementptr float, ptr %base, i64 %index
  ret ptr %p
}

define i64 @columns(ptr %slot) {
  %d = load ptr, ptr %slot
  %p = getelementptr %d2, ptr %d, i32 0, i32 3, i32 1
  %n = load i64, ptr %p
  ret i64 %n
}

define void @fill(ptr %descriptors, i64 %item) {
entry:
  %n = call i64 @columns(ptr %descriptors)
  br label %loop
loop:
  %c = phi i64 [ 0, %entry ], [ %next, %loop ]
  %p = call ptr @at(ptr %descriptors, i64 %item, i64 %c)
  %ten = mul i64 %item, 10
  %v = add i64 %ten, %c
  %f = sitofp i64 %v to float
  store float %f, ptr %p
  %next = add i64 %c, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}

define void @add(ptr %descriptors, i64 %item) {
entry:
  %sb = getelementptr ptr, ptr %descriptors, i64 1
  %so = getelementptr ptr, ptr %descriptors, i64 2
  %n = call i64 @columns(ptr %descriptors)
  br label %loop
loop:
  %c = phi i64 [ 0, %entry ], [ %next, %loop ]
  %pa = call ptr @at(ptr %descriptors, i64 %item, i64 %c)
  %pb = call ptr @at(ptr %sb, i64 %item, i64 %c)
  %po = call ptr @at(ptr %so, i64 %item, i64 %c)
  %a = load float, ptr %pa
  %b = load float, ptr %pb
  %sum = fadd float %a, %b
  store float %sum, ptr %po
  %next = add i64 %c, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}

declare float @expf(float)

define void @exponential(ptr %descriptors, i64 %item) {
  %so = getelementptr ptr, ptr %descriptors, i64 1
  %din = load ptr, ptr %descriptors
  %dout = load ptr, ptr %so
  %pin = getelementptr %d1, ptr %din, i32 0, i32 1
  %pout = getelementptr %d1, ptr %dout, i32 0, i32 1
  %in = load ptr, ptr %pin
  %out = load ptr, ptr %pout
  %pi = getelementptr float, ptr %in, i64 %item
  %po = getelementptr float, ptr %out, i64 %item
  %x = load float, ptr %pi
  %y = call float @expf(float %x)
  store float %y, ptr %po
  ret void
}
)";

/// An object for this machine from LLVM IR.
static SmallVector<char, 0> compile(const char *text) {
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  LLVMContext context;
  SMDiagnostic diagnostic;
  std::unique_ptr<Module> module = parseIR(MemoryBufferRef(text, "test"), diagnostic, context);
  EXPECT_TRUE(module) << diagnostic.getMessage().str();
  HostTarget host = cantFail(HostTarget::detect());
  std::string error;
  const Target *target = TargetRegistry::lookupTarget(Triple(host.triple), error);
  EXPECT_TRUE(target) << error;
  std::unique_ptr<TargetMachine> machine(
      target->createTargetMachine(Triple(host.triple), host.cpu, host.features, TargetOptions(), Reloc::PIC_));
  module->setTargetTriple(Triple(host.triple));
  module->setDataLayout(machine->createDataLayout());
  SmallVector<char, 0> code;
  raw_svector_ostream stream(code);
  legacy::PassManager passes;
  EXPECT_FALSE(machine->addPassesToEmitFile(passes, stream, nullptr, CodeGenFileType::ObjectFile));
  passes.run(*module);
  return code;
}

static constexpr int64_t kRows = 37;

static CompiledModule kernels() {
  CompiledModule module;
  module.target = "host:test";
  LaunchPlan forward;
  forward.name = "forward";
  forward.workspace_bytes = 64 + kRows * 3 * 4;
  forward.buffers = {{"a", BufferRole::Input, "float32", {kRows, 3}, true, 0},
                     {"out", BufferRole::Output, "float32", {kRows, 3}, true, 0},
                     {"b", BufferRole::Workspace, "float32", {kRows, 3}, false, 64}};
  forward.launches = {{"fill", kRows, {2}}, {"add", kRows, {0, 2, 1}}};
  LaunchPlan backward;
  backward.name = "backward";
  backward.buffers = {{"in", BufferRole::Input, "float32", {5}, false, 0},
                      {"out", BufferRole::Output, "float32", {5}, false, 0}};
  backward.launches = {{"exponential", 5, {0, 1}}};
  module.plans = {forward, backward};
  module.code = {compile(kKernels)};
  return module;
}

static std::unique_ptr<HostModule> loaded() {
  Expected<std::unique_ptr<HostModule>> module = HostModule::load(kernels());
  EXPECT_TRUE(bool(module)) << toString(module.takeError());
  return std::move(*module);
}

/// Runs `forward` on a transposed input and an output with gaps; whether every element is right and nothing else was
/// written.
static bool addsStridedBuffers(const HostModule &module, int threads) {
  std::vector<float> a(3 * kRows), out(kRows * 8, -1.0f), workspace(16 + kRows * 3, -1.0f);
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t column = 0; column < 3; ++column)
      a[column * kRows + row] = 1000.0f * column + row;
  module.run(module.plan("forward"), {{a.data(), {1, kRows}}, {out.data(), {8, 2}}}, workspace.data(), threads);
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t place = 0; place < 8; ++place) {
      int64_t column = place / 2;
      float sum = 1000.0f * column + row + 10 * row + column;
      if (out[row * 8 + place] != (place % 2 == 0 && column < 3 ? sum : -1.0f))
        return false;
    }
  for (size_t index = 0; index < 16; ++index)
    if (workspace[index] != -1.0f) // before the buffer's offset
      return false;
  return true;
}

TEST(HostModule, RunsOnStridedBuffers) {
  std::unique_ptr<HostModule> module = loaded();
  for (int threads : {1, 2, 4})
    EXPECT_TRUE(addsStridedBuffers(*module, threads)) << threads << " threads";
}

TEST(HostModule, ManyCallersAtOnce) {
  std::unique_ptr<HostModule> module = loaded();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> callers;
  callers.reserve(4);
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 50; ++repeat)
        wrong += !addsStridedBuffers(*module, 3);
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(HostModule, FindsTheMathLibrary) {
  std::unique_ptr<HostModule> module = loaded();
  float in[5] = {0.0f, 1.0f, -2.0f, 3.5f, -80.0f}, out[5];
  module->run(module->plan("backward"), {{in}, {out}}, nullptr, 2);
  for (int item = 0; item < 5; ++item)
    EXPECT_EQ(out[item], std::exp(in[item])) << in[item];
}

TEST(HostModule, SurvivesItsFileForm) {
  SmallVector<char, 0> bytes = serialize(kernels());
  Expected<CompiledModule> read = deserialize(StringRef(bytes.data(), bytes.size()));
  ASSERT_TRUE(bool(read)) << toString(read.takeError());
  Expected<std::unique_ptr<HostModule>> module = HostModule::load(std::move(*read));
  ASSERT_TRUE(bool(module)) << toString(module.takeError());
  EXPECT_TRUE(addsStridedBuffers(**module, 2));
}

TEST(HostModule, FindsPlansByName) {
  std::unique_ptr<HostModule> module = loaded();
  EXPECT_EQ(module->findPlan("forward"), &module->plan("forward"));
  EXPECT_EQ(module->plan("backward").name, "backward");
  EXPECT_EQ(module->findPlan("sideways"), nullptr);
}

/// The message with which loading fails.
static std::string refusal(CompiledModule module) {
  Expected<std::unique_ptr<HostModule>> loaded = HostModule::load(std::move(module));
  return loaded ? "accepted" : toString(loaded.takeError());
}

TEST(HostModule, RefusesMissingSymbols) {
  CompiledModule module = kernels();
  module.plans[0].launches[0].kernel = "no_such_kernel";
  EXPECT_NE(refusal(module).find("no_such_kernel"), std::string::npos) << refusal(module);
  module = kernels();
  module.code.front() = compile(R"(
declare void @no_such_helper()
define void @fill(ptr %d, i64 %i) {
  call void @no_such_helper()
  ret void
})");
  module.plans.pop_back();
  module.plans[0].launches.pop_back();
  EXPECT_NE(refusal(module).find("no_such_helper"), std::string::npos) << refusal(module);
}

TEST(HostModule, RefusesBadCodeAndBadPlans) {
  CompiledModule module = kernels();
  module.code.front().assign(200, 'x');
  EXPECT_NE(refusal(module), "accepted");
  module = kernels();
  module.code.front().truncate(module.code.front().size() / 2);
  EXPECT_NE(refusal(module), "accepted");
  module = kernels();
  module.plans[0].launches[1].buffers[0] = 3;
  EXPECT_NE(refusal(module).find("launches[1].buffers expects indices from 0 to 2, but got 3"), std::string::npos)
      << refusal(module);
}
