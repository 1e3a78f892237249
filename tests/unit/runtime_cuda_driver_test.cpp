// SPDX-License-Identifier: Apache-2.0
//
// CudaDriver: what it says of drivers that are missing, too old or without a GPU, and of errors.
#include "runtime/CudaDevice.h"
#include "runtime/CudaDriver.h"
#include "tests/unit/fake_cuda.h"

using namespace lighthouse;
using namespace llvm;

namespace {

class CudaDriverTest : public FakeCudaTest {
protected:
  /// The message of opening the fake library, or "opened".
  static std::string opening() {
    Expected<CudaDriver> driver = CudaDriver::open(fakeLibrary());
    return driver ? "opened" : toString(driver.takeError());
  }
};

} // namespace

TEST_F(CudaDriverTest, OpensOnce) {
  EXPECT_EQ(opening(), "opened");
  Expected<const CudaDriver *> first = CudaDriver::get(), second = CudaDriver::get();
  ASSERT_TRUE(bool(first)) << toString(first.takeError());
  ASSERT_TRUE(bool(second));
  EXPECT_EQ(*first, *second);
  EXPECT_EQ((*first)->version(), 13000);
}

TEST_F(CudaDriverTest, NoLibrary) {
  Expected<CudaDriver> driver = CudaDriver::open("libnothere.so.1");
  ASSERT_FALSE(bool(driver));
  std::string message = toString(driver.takeError());
  EXPECT_EQ(
      message.find("expects an NVIDIA driver of at least 465 (CUDA 11.3), but could not open it: libnothere.so.1"), 0u)
      << message;
}

TEST_F(CudaDriverTest, NoDriver) {
  Expected<CudaDriver> driver = CudaDriver::open("libc.so.6");
  ASSERT_FALSE(bool(driver));
  EXPECT_EQ(toString(driver.takeError()),
            "expects an NVIDIA driver of at least 465 (CUDA 11.3), but libc.so.6 is older: "
            "it has no cuGetProcAddress");
}

TEST_F(CudaDriverTest, MissingEntryPoint) {
  fake.absent = {"cuLaunchKernel"};
  EXPECT_NE(opening().find("has no cuLaunchKernel of CUDA 4.0"), std::string::npos) << opening();
  fake.absent = {};
  fake.version = 10020;
  EXPECT_NE(opening().find("has no cuDevicePrimaryCtxRelease of CUDA 11.0"), std::string::npos) << opening();
}

TEST_F(CudaDriverTest, OlderDriversLackSomeEntryPoints) {
  fake.version = 11040;
  CudaDriver driver = cantFail(CudaDriver::open(fakeLibrary()));
  EXPECT_EQ(driver.cuTensorMapEncodeTiled, nullptr);
  EXPECT_EQ(driver.cuLaunchKernelEx, nullptr);
  fake.version = 12000;
  EXPECT_NE(cantFail(CudaDriver::open(fakeLibrary())).cuTensorMapEncodeTiled, nullptr);
}

TEST_F(CudaDriverTest, NoDevice) {
  fake.failures["cuInit"] = 100;
  EXPECT_EQ(opening(), "cuInit: CUDA_ERROR_NO_DEVICE (no CUDA-capable device is detected)");
}

TEST_F(CudaDriverTest, ErrorsHaveTheirNames) {
  const CudaDriver &driver = *cantFail(CudaDriver::get());
  EXPECT_EQ(toString(driver.check(0, "cuLaunchKernel")), "");
  EXPECT_EQ(toString(driver.check(1, "cuLaunchKernel")), "cuLaunchKernel: CUDA_ERROR_INVALID_VALUE (invalid argument)");
  EXPECT_EQ(toString(driver.check(12345, "cuLaunchKernel")), "cuLaunchKernel: error 12345");
}

TEST_F(CudaDriverTest, Devices) {
  const CudaDriver &driver = *cantFail(CudaDriver::get());
  fake.capabilities = {90, 75, 120};
  std::vector<CudaDevice> devices = cantFail(CudaDevice::list(driver));
  ASSERT_EQ(devices.size(), 3u);
  EXPECT_EQ(devices[0].name, "Fake GPU 0");
  EXPECT_EQ(devices[0].memory_bytes, int64_t(80) << 30);
  EXPECT_EQ(devices[0].multiprocessors, 132);
  EXPECT_EQ(devices[2].ordinal, 2);
  EXPECT_EQ(cantFail(devices[0].target(driver)).arch, "sm_90a");
  EXPECT_EQ(toString(devices[1].target(driver).takeError()),
            "expects a GPU of compute capability 8.0 (Ampere) or later, but got 7.5");
  EXPECT_EQ(cantFail(devices[2].target(driver)).arch, "sm_120a");
}

TEST_F(CudaDriverTest, CompilesForTheArchitectureAskedFor) {
  const CudaDriver &driver = *cantFail(CudaDriver::get());
  CudaDevice device = cantFail(CudaDevice::list(driver)).at(0);
  auto targetFor = [&](const char *arch) {
    setenv("LIGHTHOUSE_CUDA_ARCH", arch, 1);
    Expected<CudaTarget> target = device.target(driver);
    unsetenv("LIGHTHOUSE_CUDA_ARCH");
    return target ? target->arch : toString(target.takeError());
  };
  EXPECT_EQ(targetFor(""), "sm_90a");
  EXPECT_EQ(targetFor("sm_80"), "sm_80");
  EXPECT_EQ(targetFor("sm_90a"), "sm_90a");
  EXPECT_EQ(targetFor("sm_100a"), "LIGHTHOUSE_CUDA_ARCH: expects an architecture whose code a GPU of compute "
                                  "capability 9.0 runs, but got 'sm_100a'");
  EXPECT_EQ(targetFor("hopper"), "LIGHTHOUSE_CUDA_ARCH: arch: expects one of sm_80, sm_86, sm_89, sm_90a, sm_100a, "
                                 "sm_103a, sm_120a, but got 'hopper'");
}

TEST_F(CudaDriverTest, DriverTooOldForItsGpu) {
  fake.version = 12000;
  CudaDriver driver = cantFail(CudaDriver::open(fakeLibrary()));
  fake.capabilities = {120};
  CudaDevice device = cantFail(CudaDevice::list(driver)).at(0);
  EXPECT_EQ(toString(device.target(driver).takeError()),
            "expects an NVIDIA driver of at least 570 (CUDA 12.8) for sm_120a, but got one of CUDA 12.0");
}

TEST_F(CudaDriverTest, FailingQueriesAreNamed) {
  const CudaDriver &driver = *cantFail(CudaDriver::get());
  for (const char *name :
       {"cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName", "cuDeviceTotalMem", "cuDeviceGetAttribute"}) {
    fake.failures = {{name, 2}};
    Expected<std::vector<CudaDevice>> devices = CudaDevice::list(driver);
    ASSERT_FALSE(bool(devices)) << name;
    EXPECT_EQ(toString(devices.takeError()), std::string(name) + ": CUDA_ERROR_OUT_OF_MEMORY (out of memory)");
  }
}
