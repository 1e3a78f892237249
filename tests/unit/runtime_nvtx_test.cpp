// SPDX-License-Identifier: Apache-2.0
//
// Nvtx: attaching to a profiler's library, and the protocol against NVIDIA's headers where they are.
#ifdef LIGHTHOUSE_NVTX_H
#include LIGHTHOUSE_NVTX_H
#endif

#include "runtime/Nvtx.h"
#include "runtime/NvtxApi.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

using namespace lighthouse;
using namespace llvm;

namespace {

std::string refusal(const std::string &library) {
  Expected<Nvtx> nvtx = Nvtx::attach(library);
  return nvtx ? "attached" : toString(nvtx.takeError());
}

} // namespace

TEST(Nvtx, RangesReachTheProfiler) {
  std::string log = (std::filesystem::path(testing::TempDir()) / "nvtx.log").string();
  std::filesystem::remove(log);
  setenv("LIGHTHOUSE_FAKE_NVTX_LOG", log.c_str(), 1);
  Expected<Nvtx> nvtx = Nvtx::attach(LIGHTHOUSE_FAKE_NVTX_LIBRARY);
  ASSERT_TRUE(bool(nvtx)) << toString(nvtx.takeError());
  {
    NvtxRange outer(*nvtx, "outer");
    NvtxRange inner(*nvtx, "inner");
  }
  std::ifstream file(log);
  std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(text, "push outer\npush inner\npop\npop\n");
  unsetenv("LIGHTHOUSE_FAKE_NVTX_LOG");
}

TEST(Nvtx, WhatIsNoProfilerIsTold) {
  EXPECT_EQ(refusal("/nowhere/profiler.so").find("cannot open the profiler's library: /nowhere/profiler.so"), 0u);
  EXPECT_EQ(refusal("libm.so.6"), "libm.so.6 has no InitializeInjectionNvtx2");
  setenv("LIGHTHOUSE_FAKE_NVTX", "refuse", 1);
  EXPECT_EQ(refusal(LIGHTHOUSE_FAKE_NVTX_LIBRARY), LIGHTHOUSE_FAKE_NVTX_LIBRARY " refuses");
  setenv("LIGHTHOUSE_FAKE_NVTX", "marks", 1);
  EXPECT_EQ(refusal(LIGHTHOUSE_FAKE_NVTX_LIBRARY), LIGHTHOUSE_FAKE_NVTX_LIBRARY " takes no ranges");
  unsetenv("LIGHTHOUSE_FAKE_NVTX");
}

#ifdef LIGHTHOUSE_NVTX_H
// The names that NVIDIA's header has for them.
static_assert(sizeof(NvtxCallbacks) == sizeof(NvtxExportTableCallbacks));
static_assert(offsetof(NvtxCallbacks, get_table) == offsetof(NvtxExportTableCallbacks, GetModuleFunctionTable));
static_assert(sizeof(NvtxVersion) == sizeof(NvtxExportTableVersionInfo));
static_assert(offsetof(NvtxVersion, set_injection_version) ==
              offsetof(NvtxExportTableVersionInfo, SetInjectionNvtxVersion));

TEST(Nvtx, NumbersAreThoseOfTheHeader) {
  EXPECT_EQ(kNvtxExportCallbacks, uint32_t(NVTX_ETID_CALLBACKS));
  EXPECT_EQ(kNvtxExportVersion, uint32_t(NVTX_ETID_VERSIONINFO));
  EXPECT_EQ(kNvtxModuleCore, int(NVTX_CB_MODULE_CORE));
  EXPECT_EQ(kNvtxRangePushA, unsigned(NVTX_CBID_CORE_RangePushA));
  EXPECT_EQ(kNvtxRangePop, unsigned(NVTX_CBID_CORE_RangePop));
  EXPECT_EQ(kNvtxCoreSize, unsigned(NVTX_CBID_CORE_SIZE));
  EXPECT_EQ(kNvtxVersion, uint32_t(NVTX_VERSION));
}

/// NVIDIA's own side attaches to the fake profiler as ours does, so the fake one keeps to the protocol.
TEST(Nvtx, TheHeadersAttachToTheFakeProfiler) {
  std::string log = (std::filesystem::path(testing::TempDir()) / "nvtx_header.log").string();
  std::filesystem::remove(log);
  setenv("LIGHTHOUSE_FAKE_NVTX_LOG", log.c_str(), 1);
  setenv("NVTX_INJECTION64_PATH", LIGHTHOUSE_FAKE_NVTX_LIBRARY, 1);
  nvtxRangePushA("theirs");
  nvtxRangePop();
  std::ifstream file(log);
  std::string text(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(text, "push theirs\npop\n");
  unsetenv("LIGHTHOUSE_FAKE_NVTX_LOG");
  unsetenv("NVTX_INJECTION64_PATH");
}
#endif
