// SPDX-License-Identifier: Apache-2.0
//
// CudaCode: a spec's code for a GPU, from the disk cache or made now; not installed.
#pragma once

#include "lighthouse_ops/Gpu.h"
#include "lighthouse_ops/Op.h"
#include "runtime/Assembler.h"
#include "runtime/CompiledModule.h"

namespace lighthouse {

struct CudaCode {
  CompiledModule module; ///< its code is cubins, or PTX for the driver to compile
  Origin origin;
};

/// The ptxas to use; nothing where the driver compiles: without one, and for a GPU on which code runs as PTX only.
std::optional<Assembler> assemblerFor(const Gpu &gpu);

/// Code that the GPU can load, with these schedules. Throws CompileError, or InvalidArgument for what the compiler
/// refuses in the spec.
CudaCode cudaCode(const Spec &spec, const Schedules &schedules, const Gpu &gpu);

/// The same as PTX, compiled now: for when the driver does not load what `cudaCode` gave. The disk cache has it
/// instead from now on.
CudaCode cudaCodeAnew(const Spec &spec, const Schedules &schedules, const Gpu &gpu);

} // namespace lighthouse
