// SPDX-License-Identifier: Apache-2.0
//
// ThreadPool: independent work items over the cores of this machine.
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"

#include <cstdint>

namespace lighthouse {

/// Calls `body(item)` once for each item 0 .. items-1 on up to `num_threads` threads, the caller among them, and
/// returns when all have finished. Threads take the next item as they become free. `body` must not throw. Any number of
/// threads may call this at once, also from within a body and in a forked child; they share one pool, and none waits
/// for another's items.
void parallelFor(int64_t items, int num_threads, llvm::function_ref<void(int64_t)> body);

/// LIGHTHOUSE_NUM_THREADS, or else the number of cores this process may use.
int defaultThreadCount();

} // namespace lighthouse
