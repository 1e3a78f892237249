// SPDX-License-Identifier: Apache-2.0
//
// HostTarget: what it says of this machine, and LIGHTHOUSE_HOST_CPU.
#include "runtime/HostTarget.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

#include <cstdlib>
#include <gtest/gtest.h>

using namespace lighthouse;
using namespace llvm;

class HostTargetTest : public testing::Test {
protected:
  void SetUp() override { unsetenv("LIGHTHOUSE_HOST_CPU"); }
  void TearDown() override { unsetenv("LIGHTHOUSE_HOST_CPU"); }
};

TEST_F(HostTargetTest, DescribesTheHost) {
  Expected<HostTarget> target = HostTarget::detect();
  ASSERT_TRUE(bool(target)) << toString(target.takeError());
  EXPECT_EQ(target->cpu, sys::getHostCPUName());
  EXPECT_EQ(target->name(), "host:" + target->cpu);
  EXPECT_EQ(target->key(), target->triple + ";" + target->cpu + ";" + target->features);
  StringMap<bool> host = sys::getHostCPUFeatures();
  EXPECT_EQ(target->has_avx512bf16, host.lookup("avx512bf16"));
  EXPECT_EQ(target->vector_lanes == 16, host.lookup("avx512f"));
  // Where the CPU has tiles, the system may still refuse them; then nothing may use them.
  EXPECT_EQ(target->has_amx, target->features.find("+amx-bf16") != std::string::npos);
  Expected<HostTarget> again = HostTarget::detect();
  ASSERT_TRUE(bool(again));
  EXPECT_EQ(again->key(), target->key());
}

#ifdef __x86_64__
TEST_F(HostTargetTest, OverrideByName) {
  setenv("LIGHTHOUSE_HOST_CPU", "x86-64", 1);
  Expected<HostTarget> target = HostTarget::detect();
  ASSERT_TRUE(bool(target)) << toString(target.takeError());
  EXPECT_EQ(target->cpu, "x86-64");
  EXPECT_EQ(target->vector_lanes, 4);
  EXPECT_EQ(target->vector_registers, 16);
  EXPECT_FALSE(target->has_fma || target->has_f16c || target->has_avx512bf16 || target->has_amx);
  EXPECT_EQ(target->features.find("avx"), std::string::npos) << target->features;
  EXPECT_NE(target->features.find("+sse2"), std::string::npos) << target->features;
}

TEST_F(HostTargetTest, OverrideWithAVX2) {
  if (!sys::getHostCPUFeatures().lookup("avx2"))
    GTEST_SKIP() << "this machine has no AVX2";
  setenv("LIGHTHOUSE_HOST_CPU", "x86-64-v3", 1);
  Expected<HostTarget> target = HostTarget::detect();
  ASSERT_TRUE(bool(target)) << toString(target.takeError());
  EXPECT_EQ(target->vector_lanes, 8);
  EXPECT_EQ(target->vector_registers, 16);
  EXPECT_TRUE(target->has_fma && target->has_f16c);
  EXPECT_FALSE(target->has_avx512bf16);
}

TEST_F(HostTargetTest, RefusesWhatDoesNotFit) {
  // No machine has both FMA4 (bdver4) and AMX (graniterapids), so one of the two does not run here.
  StringMap<bool> host = sys::getHostCPUFeatures();
  for (const char *name : {"pentium9", "i386", host.lookup("fma4") ? "graniterapids" : "bdver4"}) {
    setenv("LIGHTHOUSE_HOST_CPU", name, 1);
    Expected<HostTarget> target = HostTarget::detect();
    ASSERT_FALSE(bool(target)) << name;
    std::string message = toString(target.takeError());
    EXPECT_EQ(message.find("LIGHTHOUSE_HOST_CPU expects a CPU whose code this machine runs, but got '" +
                           std::string(name) + "'"),
              0u)
        << message;
    EXPECT_NE(message.find(" x86-64,"), std::string::npos) << message;
  }
}
#endif
