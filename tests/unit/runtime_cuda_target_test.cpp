// SPDX-License-Identifier: Apache-2.0
//
// CudaTarget: architectures by name and by capability, and where their machine code runs.
#include "runtime/CudaTarget.h"

#include <gtest/gtest.h>

using namespace lighthouse;
using namespace llvm;

static std::string archFor(int major, int minor) {
  Expected<CudaTarget> target = CudaTarget::fromCapability(major, minor);
  return target ? target->arch : toString(target.takeError());
}

TEST(CudaTarget, ByName) {
  for (const char *arch : {"sm_80", "sm_86", "sm_89", "sm_90a", "sm_100a", "sm_103a", "sm_120a"}) {
    Expected<CudaTarget> target = CudaTarget::fromArch(arch);
    ASSERT_TRUE(bool(target)) << toString(target.takeError());
    EXPECT_EQ(target->arch, arch);
    EXPECT_EQ(target->name(), "cuda:" + std::string(arch));
    EXPECT_EQ(archFor(target->capability / 10, target->capability % 10), arch);
    EXPECT_EQ(target->warps_per_sm * 32, target->threads_per_sm);
    EXPECT_GE(target->shared_bytes_per_block, 99 * 1024);
    EXPECT_EQ(target->shared_bytes_per_block + CudaTarget::kReservedSharedBytes, target->shared_bytes_per_sm);
  }
}

TEST(CudaTarget, Hopper) {
  CudaTarget target = cantFail(CudaTarget::fromArch("sm_90a"));
  EXPECT_EQ(target.key(), "sm_90a;ptx 8.0");
  EXPECT_FALSE(target.deterministic);
  CudaTarget deterministic = target;
  deterministic.deterministic = true;
  EXPECT_EQ(deterministic.key(), "sm_90a;ptx 8.0;deterministic");
  EXPECT_EQ(target.ptx_version, 80);
  EXPECT_EQ(target.cuda_version, 12000);
  EXPECT_EQ(target.shared_bytes_per_block, 227 * 1024);
  EXPECT_EQ(target.registers_per_sm, 65536);
  EXPECT_EQ(target.warps_per_sm, 64);
}

TEST(CudaTarget, RefusesOtherNames) {
  for (const char *arch : {"sm_70", "sm_90", "", "h100"}) {
    Expected<CudaTarget> target = CudaTarget::fromArch(arch);
    ASSERT_FALSE(bool(target)) << arch;
    EXPECT_EQ(toString(target.takeError()),
              "arch: expects one of sm_80, sm_86, sm_89, sm_90a, sm_100a, sm_103a, sm_120a, but got '" +
                  std::string(arch) + "'");
  }
}

TEST(CudaTarget, OtherCapabilitiesTakeTheNearestBelowThatRunsThere) {
  EXPECT_EQ(archFor(8, 2), "sm_80");
  EXPECT_EQ(archFor(8, 7), "sm_86");
  EXPECT_EQ(archFor(10, 1), "sm_89") << "sm_100a runs on 10.0 only";
  EXPECT_EQ(archFor(12, 1), "sm_89");
  EXPECT_EQ(archFor(7, 5), "expects a GPU of compute capability 8.0 (Ampere) or later, but got 7.5");
}

TEST(CudaTarget, SaysWhatDoesNotFit) {
  CudaTarget hopper = cantFail(CudaTarget::fromArch("sm_90a")), ada = cantFail(CudaTarget::fromArch("sm_89"));
  BlockNeeds needs = {.threads = 256, .shared_bytes = 100 * 1024, .registers = 168};
  EXPECT_EQ(hopper.misfit(needs), "");
  EXPECT_EQ(ada.misfit(needs), "expects at most 101376 bytes of shared memory a block, but got 102400");
  needs.registers = 256;
  EXPECT_EQ(hopper.misfit(needs), "expects at most 255 registers a thread, but got 256");
  needs.threads = 1024;
  needs.registers = 80;
  EXPECT_EQ(hopper.misfit(needs), "expects at most 65536 registers a block, but got 81920");
  needs.threads = 1056;
  EXPECT_EQ(hopper.misfit(needs), "expects at most 1024 threads a block, but got 1056");
}

TEST(CudaTarget, MachineCodeRunsOnLaterMinorCapabilities) {
  CudaTarget ada = cantFail(CudaTarget::fromArch("sm_86")), hopper = cantFail(CudaTarget::fromArch("sm_90a"));
  EXPECT_TRUE(ada.binaryRunsOn(8, 6));
  EXPECT_TRUE(ada.binaryRunsOn(8, 7));
  EXPECT_FALSE(ada.binaryRunsOn(8, 0));
  EXPECT_FALSE(ada.binaryRunsOn(9, 0));
  EXPECT_TRUE(hopper.binaryRunsOn(9, 0));
  EXPECT_FALSE(hopper.binaryRunsOn(9, 1));
}
