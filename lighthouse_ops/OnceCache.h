// SPDX-License-Identifier: Apache-2.0
//
// OnceCache: values by key, each made once in a process; not installed.
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"

#include <future>
#include <map>
#include <mutex>
#include <string>

namespace lighthouse {

template <typename Value> class OnceCache {
public:
  /// The value of a key. The first caller makes it while the others wait. Those who wait share a failure; the next
  /// caller tries again.
  Value get(const std::string &key, llvm::function_ref<Value()> make) {
    std::promise<Value> promise;
    {
      std::unique_lock lock(mutex);
      auto [entry, is_new] = values.try_emplace(key);
      if (!is_new) {
        auto made = entry->second;
        lock.unlock();
        return made.get();
      }
      entry->second = promise.get_future().share();
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
  std::mutex mutex;
  std::map<std::string, std::shared_future<Value>> values;
};

} // namespace lighthouse
