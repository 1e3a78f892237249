// SPDX-License-Identifier: Apache-2.0
//
// Tests that run with the fake driver library. This process's driver is the fake one, whichever test comes first.
#pragma once

#include "tests/unit/fake/FakeCuda.h"

#include <gtest/gtest.h>
#include <string>

/// Where the fake driver library is.
const char *fakeLibrary();
/// The fake driver of this process; LIGHTHOUSE_LIBCUDA names it.
FakeCuda &fakeDriver();

/// Starts each test with a driver of two GPUs of capability 9.0 that refuses nothing.
class FakeCudaTest : public testing::Test {
protected:
  void SetUp() override;

  FakeCuda &fake = fakeDriver();
};
