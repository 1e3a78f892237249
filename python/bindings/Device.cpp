// SPDX-License-Identifier: Apache-2.0
//
// Devices for Python: as tuples, and by their names.

#include "lighthouse_ops/Device.h"
#include "lighthouse_ops/Spec.h"
#include "python/bindings/bindings.h"

#include <charconv>
#include <pybind11/stl.h>

namespace py = pybind11;
using namespace py::literals;

namespace lighthouse::python {

Device parseDevice(const std::string &text) {
  if (text == "cpu")
    return Device::cpu();
  Device device = Device::cuda();
  const std::string prefix = "cuda:";
  const char *end = text.data() + text.size();
  if (text.rfind(prefix, 0) == 0) {
    auto [stop, error] = std::from_chars(text.data() + prefix.size(), end, device.ordinal);
    if (error == std::errc() && stop == end)
      return device;
  }
  throw InvalidArgument("device: expects 'cpu' or 'cuda:0', 'cuda:1', ..., but got '" + text + "'");
}

namespace {

/// [(device, name, (major, minor), arch, trouble, memory_bytes, multiprocessors), ...]
py::list listDevices() {
  py::list result;
  for (const DeviceInfo &info : devices())
    result.append(py::make_tuple(info.device.str(), info.name,
                                 py::make_tuple(info.capability_major, info.capability_minor), info.arch, info.trouble,
                                 info.memory_bytes, info.multiprocessors));
  return result;
}

py::tuple driver() {
  DriverInfo info = driverInfo();
  return py::make_tuple(info.cuda, info.trouble);
}

} // namespace

void bindDevice(py::module_ &module) {
  module.def("devices", &listDevices,
             "The GPUs: (device, name, (major, minor), arch, trouble, memory_bytes, multiprocessors).");
  module.def("driver", &driver, "The driver's CUDA version, or an empty string, and why there is none.");
  module.def("assembler", &assemblerInfo, "arch"_a, "The ptxas for an architecture; empty when the driver does it.");
  module.def("add_tool_folders", &addToolFolders, "folders"_a, "Folders to look for ptxas and nvdisasm in, last.");
}

} // namespace lighthouse::python
