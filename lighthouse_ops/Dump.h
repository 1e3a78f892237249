// SPDX-License-Identifier: Apache-2.0
//
// LIGHTHOUSE_DUMP: what an op is made of, left in a folder; not installed.
#pragma once

#include "lighthouse_ops/Op.h"
#include "runtime/CompiledModule.h"
#include "runtime/CudaTarget.h"

namespace lighthouse {

/// With LIGHTHOUSE_DUMP=FOLDER, leaves FOLDER/SPEC-TARGET with the text of every stage, the machine code that runs
/// (`module`, wherever it came from), its disassembly where there is a tool, and about.txt. The stages are compiled
/// again for it, so code of the disk cache has them too. `schedules` are those that the module was compiled with;
/// `target` is null for the host. Does nothing without the variable; what cannot be written or printed is a warning.
void dumpIfAsked(const Spec &spec, const Schedules &schedules, const CudaTarget *target, const CompiledModule &module,
                 Origin origin);

} // namespace lighthouse
