// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the fake driver share: its lock, the current contexts, and all entry points.
#pragma once

#include "runtime/CudaApi.h"
#include "tests/unit/fake/FakeCuda.h"

#include <mutex>

namespace fake {

using namespace lighthouse;

extern std::recursive_mutex mutex;
extern thread_local std::vector<FakeContext *> stack; ///< of contexts; the last is current

/// Notes a call and gives the code that it is to return.
int enter(const char *name);

#define ENTER(name)                                                                                                    \
  std::lock_guard lock(mutex);                                                                                         \
  if (int code = enter(#name))                                                                                         \
  return code

// NOLINTBEGIN(bugprone-macro-parentheses): a function's name
#define DECLARE(each, its_version, parameters) CUresult each parameters;
// NOLINTEND(bugprone-macro-parentheses)
FOR_EACH_CUDA_ENTRY_POINT(DECLARE)
FOR_EACH_OPTIONAL_CUDA_ENTRY_POINT(DECLARE)
#undef DECLARE

} // namespace fake
