// SPDX-License-Identifier: Apache-2.0
//
// Device: see Device.h.
#include "lighthouse_ops/Device.h"

#include "lighthouse_ops/Spec.h"
#include "runtime/Assembler.h"
#include "runtime/CudaDevice.h"

#include <fmt/format.h>

using namespace llvm;

namespace lighthouse {

std::string Device::str() const { return kind == DeviceKind::Cpu ? "cpu" : "cuda:" + std::to_string(ordinal); }

static DeviceInfo describe(const CudaDevice &device, const CudaDriver &driver) {
  DeviceInfo info;
  info.device = Device::cuda(device.ordinal);
  info.name = device.name;
  info.capability_major = device.major;
  info.capability_minor = device.minor;
  info.memory_bytes = device.memory_bytes;
  info.multiprocessors = device.multiprocessors;
  if (Expected<CudaTarget> target = device.target(driver))
    info.arch = target->arch;
  else
    info.trouble = toString(target.takeError());
  return info;
}

std::vector<DeviceInfo> devices() {
  Expected<const CudaDriver *> driver = CudaDriver::get();
  if (!driver) {
    consumeError(driver.takeError());
    return {};
  }
  Expected<std::vector<CudaDevice>> found = CudaDevice::list(**driver);
  if (!found)
    throw DeviceError(toString(found.takeError()));
  std::vector<DeviceInfo> infos;
  for (const CudaDevice &device : *found)
    infos.push_back(describe(device, **driver));
  return infos;
}

DriverInfo driverInfo() {
  Expected<const CudaDriver *> driver = CudaDriver::get();
  if (!driver)
    return {.cuda = "", .trouble = toString(driver.takeError())};
  return {.cuda = formatCudaVersion((*driver)->version()), .trouble = ""};
}

std::string assemblerInfo(const std::string &arch) {
  Expected<CudaTarget> target = CudaTarget::fromArch(arch);
  if (!target)
    throw InvalidArgument(toString(target.takeError()));
  std::optional<int> driver_version;
  if (Expected<const CudaDriver *> driver = CudaDriver::get())
    driver_version = (*driver)->version();
  else
    consumeError(driver.takeError());
  Expected<std::optional<Assembler>> found = Assembler::find(*target, driver_version);
  if (!found)
    throw InvalidArgument(toString(found.takeError()));
  return *found ? fmt::format("{} ({})", (*found)->identity(), (*found)->path().str()) : "";
}

void addToolFolders(const std::vector<std::string> &folders) { Assembler::addSearchFolders(folders); }

} // namespace lighthouse
