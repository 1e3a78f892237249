// SPDX-License-Identifier: Apache-2.0
//
// Gpu: see Gpu.h.
#include "lighthouse_ops/Gpu.h"

#include "compiler/Compile.h"

#include <fmt/format.h>

namespace lighthouse {

Gpu Gpu::open(int ordinal) {
  const CudaDriver &driver = *takeFromDevice(CudaDriver::get());
  std::vector<CudaDevice> devices = takeFromDevice(CudaDevice::list(driver));
  int count = static_cast<int>(devices.size());
  if (ordinal < 0 || ordinal >= count)
    throw InvalidArgument(
        fmt::format("device: expects {}, but got cuda:{}",
                    count == 0 ? "the CPU, as there is no GPU" : fmt::format("cuda:0 to cuda:{}", count - 1), ordinal));
  CudaDevice &device = devices[ordinal];
  CudaTarget target = takeFromDevice(device.target(driver));
  if (target.arch != takeFromDevice(CudaTarget::fromCapability(device.major, device.minor)).arch)
    device.name += " as " + target.arch; // The GPU's tuning databases are of other kernels.
  return {driver, std::move(device), std::move(target), takeFromDevice(CudaContext::of(ordinal))};
}

Gpu Gpu::openFor(const Spec &spec, int ordinal, const CompileOptions &options) {
  Gpu gpu = open(ordinal);
  gpu.target.deterministic = options.deterministic && dependsOnDeterminism(spec, gpu.target);
  return gpu;
}

} // namespace lighthouse
