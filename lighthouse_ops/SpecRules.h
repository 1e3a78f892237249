// SPDX-License-Identifier: Apache-2.0
//
// What the units of the public API share about specs; not installed.
#pragma once

#include "dialects/Lighthouse/Lighthouse.h"
#include "lighthouse_ops/Spec.h"

namespace lighthouse {

/// Tokens of a coarsest window with so many levels: p^(num_levels - 1); 1 for what is refused.
int64_t coarsestWindow(const Spec &spec, int64_t num_levels);

/// The softmax scale as kernels compute with it.
float softmaxScale(const Spec &spec);

/// Whether the sequence has too few tokens for the pyramid: fewer than 128 coarsest windows in each tile. Everything
/// else is valid.
bool isShort(const Spec &spec);

/// The spec with every field that its code does not depend on at its default: one for all specs that share code.
Spec canonical(const Spec &spec);

} // namespace lighthouse
