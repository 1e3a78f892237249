// SPDX-License-Identifier: Apache-2.0
//
// CudaCode: a spec's code for a GPU, from the disk cache or made now; not installed.
#pragma once

#include "lighthouse_ops/Op.h"
#include "runtime/CompiledModule.h"
#include "runtime/CudaDevice.h"

namespace lighthouse {

struct CudaCode {
  CompiledModule module; ///< its code is cubins, or PTX for the driver to compile
  Origin origin;
};

/// Code that `device` can load. Throws CompileError, or InvalidArgument for what the compiler refuses in the spec.
CudaCode cudaCode(const Spec &spec, const Schedules &schedules, const CudaTarget &target, const CudaDevice &device,
                  const CudaDriver &driver);

/// The same as PTX, compiled now: for when the driver does not load what `cudaCode` gave. The disk cache has it
/// instead from now on.
CudaCode cudaCodeAnew(const Spec &spec, const Schedules &schedules, const CudaTarget &target, const CudaDevice &device,
                      const CudaDriver &driver);

} // namespace lighthouse
