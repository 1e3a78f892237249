// SPDX-License-Identifier: Apache-2.0
//
// CudaDevice: see CudaDevice.h.
#include "runtime/CudaDevice.h"

#include <cstdlib>

using namespace llvm;

namespace lighthouse {

/// What LIGHTHOUSE_CUDA_ARCH names, for a GPU that code can be compiled for.
static Expected<CudaTarget> overridden(StringRef arch, const CudaDevice &device) {
  Expected<CudaTarget> target = CudaTarget::fromArch(arch);
  if (!target)
    return createStringError("LIGHTHOUSE_CUDA_ARCH: " + toString(target.takeError()));
  if (!target->codeRunsOn(device.major, device.minor))
    return createStringError("LIGHTHOUSE_CUDA_ARCH: expects an architecture whose code a GPU of compute capability " +
                             Twine(device.major) + "." + Twine(device.minor) + " runs, but got '" + arch + "'");
  return target;
}

Expected<CudaTarget> CudaDevice::target(const CudaDriver &driver) const {
  Expected<CudaTarget> target = CudaTarget::fromCapability(major, minor);
  if (const char *wanted = std::getenv("LIGHTHOUSE_CUDA_ARCH"); target && wanted && *wanted)
    target = overridden(wanted, *this);
  if (target && driver.version() < target->cuda_version)
    return createStringError("expects an NVIDIA driver of at least " + Twine(target->driver) + " (CUDA " +
                             formatCudaVersion(target->cuda_version) + ") for " + target->arch +
                             ", but got one of CUDA " + formatCudaVersion(driver.version()));
  return target;
}

static Expected<CudaDevice> describe(const CudaDriver &driver, int ordinal) {
  CudaDevice device;
  device.ordinal = ordinal;
  char name[256] = {};
  size_t bytes = 0;
  CUdevice handle = 0;
  auto check = [&](CUresult code, const char *what) { return driver.check(code, what); };
  if (Error error = check(driver.cuDeviceGet(&handle, ordinal), "cuDeviceGet"))
    return std::move(error);
  if (Error error = check(driver.cuDeviceGetName(name, sizeof(name) - 1, handle), "cuDeviceGetName"))
    return std::move(error);
  if (Error error = check(driver.cuDeviceTotalMem(&bytes, handle), "cuDeviceTotalMem"))
    return std::move(error);
  for (auto [attribute, value] :
       {std::pair(kComputeCapabilityMajor, &device.major), std::pair(kComputeCapabilityMinor, &device.minor),
        std::pair(kMultiprocessorCount, &device.multiprocessors), std::pair(kL2CacheBytes, &device.l2_bytes)})
    if (Error error = check(driver.cuDeviceGetAttribute(value, attribute, handle), "cuDeviceGetAttribute"))
      return std::move(error);
  device.name = name;
  device.memory_bytes = bytes;
  return device;
}

Expected<std::vector<CudaDevice>> CudaDevice::list(const CudaDriver &driver) {
  int count = 0;
  if (Error error = driver.check(driver.cuDeviceGetCount(&count), "cuDeviceGetCount"))
    return std::move(error);
  std::vector<CudaDevice> devices;
  for (int ordinal = 0; ordinal < count; ++ordinal) {
    Expected<CudaDevice> device = describe(driver, ordinal);
    if (!device)
      return device.takeError();
    devices.push_back(std::move(*device));
  }
  return devices;
}

} // namespace lighthouse
