// SPDX-License-Identifier: Apache-2.0
//
// OnceCache: values by key, each made once in a process; not installed.
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"

#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <unistd.h>

namespace lighthouse {

template <typename Value> class OnceCache {
public:
  /// The value of a key. The first caller makes it while the others wait. Those who wait share a failure; the next
  /// caller tries again. A forked child makes anew what a thread of its parent was making, as it has no such thread.
  Value get(const std::string &key, llvm::function_ref<Value()> make) {
    std::promise<Value> promise;
    {
      std::unique_lock lock(mutex);
      auto [entry, is_new] = values.try_emplace(key);
      if (!is_new && !entry->second.isLost()) {
        auto made = entry->second.value;
        lock.unlock();
        return made.get();
      }
      entry->second = {getpid(), promise.get_future().share()};
    }
    try {
      Value value = make();
      promise.set_value(value);
      return value;
    } catch (...) {
      {
        std::lock_guard lock(mutex);
        values.erase(key);
      }
      promise.set_exception(std::current_exception());
      throw;
    }
  }

  void clear() {
    std::lock_guard lock(mutex);
    values.clear();
  }

private:
  struct Entry {
    pid_t maker = 0;
    std::shared_future<Value> value;

    bool isLost() const {
      return maker != getpid() && value.wait_for(std::chrono::seconds(0)) != std::future_status::ready;
    }
  };

  std::mutex mutex;
  std::map<std::string, Entry> values;
};

} // namespace lighthouse
