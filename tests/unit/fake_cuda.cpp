// SPDX-License-Identifier: Apache-2.0
//
// Loads the fake driver library; see fake_cuda.h.
#include "tests/unit/fake_cuda.h"

#include <cstdlib>
#include <dlfcn.h>

const char *fakeLibrary() { return LIGHTHOUSE_FAKE_CUDA_LIBRARY; }

FakeCuda &fakeDriver() {
  static FakeCuda *fake = [] {
    void *library = dlopen(fakeLibrary(), RTLD_NOW);
    EXPECT_NE(library, nullptr) << dlerror();
    return reinterpret_cast<FakeCuda *(*)()>(dlsym(library, "fakeCuda"))();
  }();
  return *fake;
}

/// Before any test, since a process opens its driver once.
__attribute__((constructor)) static void nameLibrary() { setenv("LIGHTHOUSE_LIBCUDA", fakeLibrary(), 1); }

void FakeCudaTest::SetUp() {
  std::vector<FakeContext> primary = std::move(fake.primary); // their addresses are the contexts of living modules
  int loaded = fake.loaded;
  auto memory = std::move(fake.memory);
  fake = FakeCuda();
  fake.primary = std::move(primary);
  fake.loaded = loaded;
  fake.memory = std::move(memory);
}
