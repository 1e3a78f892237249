// SPDX-License-Identifier: Apache-2.0
//
// CudaDevice: a GPU as the driver describes it.
#pragma once

#include "runtime/CudaDriver.h"
#include "runtime/CudaTarget.h"

#include <vector>

namespace lighthouse {

struct CudaDevice {
  int ordinal = 0;
  std::string name; ///< "NVIDIA H100 80GB HBM3"
  int major = 0;    ///< compute capability
  int minor = 0;
  int64_t memory_bytes = 0;
  int multiprocessors = 0;
  int l2_bytes = 0; ///< of the second-level cache

  /// The architecture to compile for: the latest, or what LIGHTHOUSE_CUDA_ARCH names. Fails for a GPU that is too old,
  /// or whose driver is too old for it, and where the GPU does not run that one's code.
  llvm::Expected<CudaTarget> target(const CudaDriver &driver) const;

  /// Every GPU that this process can use.
  static llvm::Expected<std::vector<CudaDevice>> list(const CudaDriver &driver);
};

} // namespace lighthouse
