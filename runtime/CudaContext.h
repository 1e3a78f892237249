// SPDX-License-Identifier: Apache-2.0
//
// CudaContext: what the driver keeps modules and memory of a GPU in.
#pragma once

#include "runtime/CudaDriver.h"

#include <memory>

namespace lighthouse {

/// Holds on to a primary context, which others in the process (torch, the CUDA runtime) use too; a context of the
/// caller's own is only borrowed.
class CudaContext {
public:
  /// The context to run in on a device: the calling thread's current one, where it is of that device, else the device's
  /// primary context, created now if need be. Fails without a driver, or when there is no such device.
  static llvm::Expected<std::shared_ptr<const CudaContext>> of(int ordinal);
  ~CudaContext();
  CudaContext(const CudaContext &) = delete;
  CudaContext &operator=(const CudaContext &) = delete;

  const CudaDriver &driver;
  const CUdevice device;
  const CUcontext handle;

private:
  CudaContext(const CudaDriver &driver, CUdevice device, CUcontext handle, bool is_retained)
      : driver(driver), device(device), handle(handle), is_retained(is_retained) {}

  bool is_retained;
};

/// Makes a context current on this thread and, at its end, the one before. Does nothing where it is current already.
class CurrentCudaContext {
public:
  explicit CurrentCudaContext(const CudaContext &context);
  ~CurrentCudaContext();
  CurrentCudaContext(const CurrentCudaContext &) = delete;
  CurrentCudaContext &operator=(const CurrentCudaContext &) = delete;

  /// Success once the context is current.
  llvm::Error check() const { return context.driver.check(code, "cuCtxPushCurrent"); }

private:
  const CudaContext &context;
  bool is_pushed = false;
  CUresult code = kCudaSuccess;
};

} // namespace lighthouse
