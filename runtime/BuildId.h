// SPDX-License-Identifier: Apache-2.0
//
// The identity of this build of the library.
#pragma once

#include <string>

namespace lighthouse {

/// The linker's build id of the file that holds this code, in hex; empty when it was linked without one. Two builds
/// that differ have different ids, so they never share cache entries.
std::string buildId();

} // namespace lighthouse
