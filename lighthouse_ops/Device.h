// SPDX-License-Identifier: Apache-2.0
//
// Device: where an op runs, and the GPUs of this machine.
#pragma once

#include "lighthouse_ops/Export.h"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace lighthouse {

/// Thrown when a GPU or its driver is missing or refuses. The text has the driver's own name of the error.
class LIGHTHOUSE_API DeviceError : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

enum class DeviceKind : uint8_t { Cpu, Cuda };

/// The host CPU, or an NVIDIA GPU by its number in this process.
struct LIGHTHOUSE_API Device {
  DeviceKind kind = DeviceKind::Cpu;
  int ordinal = 0;

  static Device cpu() { return {}; }
  static Device cuda(int ordinal = 0) { return {DeviceKind::Cuda, ordinal}; }
  /// "cpu", "cuda:0"
  std::string str() const;

  bool operator==(const Device &) const = default;
};

/// A GPU as its driver describes it.
struct LIGHTHOUSE_API DeviceInfo {
  Device device;
  std::string name;         ///< "NVIDIA H100 80GB HBM3"
  int capability_major = 0; ///< 9
  int capability_minor = 0; ///< 0
  std::string arch;         ///< that ops are compiled for, "sm_90a"; empty where the GPU or its driver is too old
  std::string trouble;      ///< why there is no arch
  int64_t memory_bytes = 0;
  int multiprocessors = 0;
};

/// The GPUs that this process can use. Empty without a driver; `driverInfo` tells why.
LIGHTHOUSE_API std::vector<DeviceInfo> devices();

/// What turns PTX into machine code here.
struct LIGHTHOUSE_API DriverInfo {
  std::string cuda;    ///< the CUDA version that the driver supports, "13.0"; empty without a driver
  std::string trouble; ///< why there is no driver
};
LIGHTHOUSE_API DriverInfo driverInfo();

/// The assembler for an architecture, "ptxas 13.0.88 (/usr/local/cuda/bin/ptxas)"; empty when the driver does it.
/// Throws InvalidArgument for an unknown architecture.
LIGHTHOUSE_API std::string assemblerInfo(const std::string &arch);

/// Folders to look for ptxas and nvdisasm in, after $CUDA_HOME/bin, PATH and /usr/local/cuda/bin.
LIGHTHOUSE_API void addToolFolders(const std::vector<std::string> &folders);

} // namespace lighthouse
