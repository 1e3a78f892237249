// SPDX-License-Identifier: Apache-2.0
//
// Autotune: what an op gets of the tuning databases, tuned first where LIGHTHOUSE_AUTOTUNE=1 asks for it; not
// installed.
#pragma once

#include "lighthouse_ops/Gpu.h"
#include "lighthouse_ops/Schedules.h"
#include "lighthouse_ops/Spec.h"

namespace lighthouse {

/// The nearest schedules of a canonical spec. With LIGHTHOUSE_AUTOTUNE=1, kernels without an entry for just this spec
/// are tuned first; of several processes one does that, the others wait for its results, so that all take the same.
Schedules schedulesFor(const Spec &spec, const Gpu &gpu);

} // namespace lighthouse
