// SPDX-License-Identifier: Apache-2.0
//
// CudaContext: see CudaContext.h.
#include "runtime/CudaContext.h"

using namespace llvm;

namespace lighthouse {

/// The calling thread's context if it is of that device, else null.
static CUcontext currentOn(const CudaDriver &driver, CUdevice device) {
  CUcontext context = nullptr;
  CUdevice its_device = -1;
  if (driver.cuCtxGetCurrent(&context) != kCudaSuccess || !context)
    return nullptr;
  return driver.cuCtxGetDevice(&its_device) == kCudaSuccess && its_device == device ? context : nullptr;
}

Expected<std::shared_ptr<const CudaContext>> CudaContext::of(int ordinal) {
  Expected<const CudaDriver *> found = CudaDriver::get();
  if (!found)
    return found.takeError();
  const CudaDriver &driver = **found;
  CUdevice device = 0;
  if (Error error = driver.check(driver.cuDeviceGet(&device, ordinal), "cuDeviceGet " + Twine(ordinal)))
    return std::move(error);
  CUcontext current = currentOn(driver, device);
  auto borrowed = [&] { return std::shared_ptr<const CudaContext>(new CudaContext(driver, device, current, false)); };

  // A primary context costs time and memory: none is created beside a context of the caller's own.
  unsigned flags = 0;
  int active = 0;
  if (Error error =
          driver.check(driver.cuDevicePrimaryCtxGetState(device, &flags, &active), "cuDevicePrimaryCtxGetState"))
    return std::move(error);
  if (current && !active)
    return borrowed();
  CUcontext primary = nullptr;
  if (Error error = driver.check(driver.cuDevicePrimaryCtxRetain(&primary, device), "cuDevicePrimaryCtxRetain"))
    return std::move(error);
  std::shared_ptr<const CudaContext> retained(new CudaContext(driver, device, primary, true));
  if (current && current != primary)
    return borrowed();
  return retained;
}

CudaContext::~CudaContext() {
  if (is_retained)
    driver.cuDevicePrimaryCtxRelease(device);
}

CurrentCudaContext::CurrentCudaContext(const CudaContext &context) : context(context) {
  CUcontext current = nullptr;
  if (context.driver.cuCtxGetCurrent(&current) == kCudaSuccess && current == context.handle)
    return;
  code = context.driver.cuCtxPushCurrent(context.handle);
  is_pushed = code == kCudaSuccess;
}

CurrentCudaContext::~CurrentCudaContext() {
  CUcontext popped = nullptr;
  if (is_pushed)
    context.driver.cuCtxPopCurrent(&popped);
}

} // namespace lighthouse
