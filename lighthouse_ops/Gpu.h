// SPDX-License-Identifier: Apache-2.0
//
// Gpu: an NVIDIA GPU of this process, with all that compiling for it and loading into it need; not installed.
#pragma once

#include "lighthouse_ops/Op.h"
#include "runtime/CudaContext.h"
#include "runtime/CudaDevice.h"

#include <memory>

namespace lighthouse {

struct Gpu {
  const CudaDriver &driver;
  CudaDevice device;
  CudaTarget target;
  std::shared_ptr<const CudaContext> context;

  /// Throws InvalidArgument for a number that is no GPU's, DeviceError where driver or GPU will not do.
  static Gpu open(int ordinal);
  /// As the target of a canonical spec: deterministic only where that makes another program.
  static Gpu openFor(const Spec &spec, int ordinal, const CompileOptions &options);
};

/// The value; else throws DeviceError.
template <typename T> T takeFromDevice(llvm::Expected<T> result) {
  if (!result)
    throw DeviceError(llvm::toString(result.takeError()));
  return std::move(*result);
}

} // namespace lighthouse
