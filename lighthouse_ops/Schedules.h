// SPDX-License-Identifier: Apache-2.0
//
// Schedules: parameters of kernels (block sizes, warps) where they are not to have their defaults.
#pragma once

#include "lighthouse_ops/Export.h"

#include <cstdint>
#include <map>
#include <string>

namespace lighthouse {

/// Values of a schedule's parameters by name: {"block_rows": 128, "warps": 4}. What is not named has its default.
using Parameters = std::map<std::string, int64_t>;
/// By kernel, for example "forward_attend".
using Schedules = std::map<std::string, Parameters>;

/// "block_rows=128,warps=4"; empty for none.
LIGHTHOUSE_API std::string toString(const Parameters &parameters);
/// "backward_unpool:threads=128 forward_attend:block_rows=128,warps=4". Equal schedules have equal texts, so that it
/// serves in cache keys.
LIGHTHOUSE_API std::string toString(const Schedules &schedules);
/// Adds a kernel's "forward_attend:block_rows=128,warps=4". Throws InvalidArgument for another form, a value that is no
/// positive integer, or a parameter that is there already.
LIGHTHOUSE_API void addSchedule(Schedules &schedules, const std::string &text);

} // namespace lighthouse
