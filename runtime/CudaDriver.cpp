// SPDX-License-Identifier: Apache-2.0
//
// CudaDriver: see CudaDriver.h.
#include "runtime/CudaDriver.h"

#include <cstdlib>
#include <dlfcn.h>
#include <optional>

using namespace llvm;

namespace lighthouse {

/// The first driver that has cuGetProcAddress: CUDA 11.3.
static constexpr StringLiteral kLeastDriver = "an NVIDIA driver of at least 465 (CUDA 11.3)";

/// cuGetProcAddress as CUDA 11.3 introduced it: gives an entry point in the form that a CUDA version had.
using GetProcAddress = CUresult (*)(const char *name, void **entry, int version, uint64_t flags);

std::string formatCudaVersion(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

Expected<CudaDriver> CudaDriver::open(const std::string &library) {
  void *handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return createStringError("expects " + kLeastDriver + ", but could not open it: " + dlerror());
  auto get_address = reinterpret_cast<GetProcAddress>(dlsym(handle, "cuGetProcAddress"));
  if (!get_address)
    return createStringError("expects " + kLeastDriver + ", but " + library + " is older: it has no cuGetProcAddress");
  CudaDriver driver;
#define FIND_CUDA_ENTRY_POINT(name, version, parameters)                                                               \
  if (get_address(#name, reinterpret_cast<void **>(&driver.name), version, 0) != kCudaSuccess || !driver.name)         \
    return createStringError("expects " + kLeastDriver + ", but " + library + " has no " #name " of CUDA " +           \
                             formatCudaVersion(version));
  FOR_EACH_CUDA_ENTRY_POINT(FIND_CUDA_ENTRY_POINT)
#undef FIND_CUDA_ENTRY_POINT
#define FIND_CUDA_ENTRY_POINT(name, version, parameters)                                                               \
  if (get_address(#name, reinterpret_cast<void **>(&driver.name), version, 0) != kCudaSuccess)                         \
    driver.name = nullptr;
  FOR_EACH_OPTIONAL_CUDA_ENTRY_POINT(FIND_CUDA_ENTRY_POINT)
#undef FIND_CUDA_ENTRY_POINT
  if (Error error = driver.check(driver.cuDriverGetVersion(&driver.cuda_version), "cuDriverGetVersion"))
    return std::move(error);
  if (Error error = driver.check(driver.cuInit(0), "cuInit"))
    return std::move(error);
  return driver;
}

Expected<const CudaDriver *> CudaDriver::get() {
  struct Result {
    std::optional<CudaDriver> driver;
    std::string message;
  };
  static const Result result = [] {
    const char *library = std::getenv("LIGHTHOUSE_LIBCUDA");
    Expected<CudaDriver> driver = open(library && *library ? library : "libcuda.so.1");
    return driver ? Result{*driver, ""} : Result{std::nullopt, toString(driver.takeError())};
  }();
  if (!result.driver)
    return createStringError(result.message);
  return &*result.driver;
}

Error CudaDriver::check(CUresult code, const Twine &what) const {
  if (code == kCudaSuccess)
    return Error::success();
  // Both leave the pointer alone, or set it to null, for a number that they do not know.
  const char *name = nullptr, *text = nullptr;
  cuGetErrorName(code, &name);
  cuGetErrorString(code, &text);
  std::string message = (what + ": " + (name ? name : "error " + std::to_string(code))).str();
  return createStringError(text ? message + " (" + text + ")" : message);
}

} // namespace lighthouse
