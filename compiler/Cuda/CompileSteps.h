// SPDX-License-Identifier: Apache-2.0
//
// Steps that compiling a module and compiling one of its kernels share.
#pragma once

#include "lighthouse_ops/Schedules.h"

namespace mlir {
class ModuleOp;
}

namespace lighthouse {

/// The attribute `schedule` on each kernel of stages that has one. What names no kernel of the module is left over.
void setSchedules(mlir::ModuleOp module, Schedules &schedules);

} // namespace lighthouse
