// SPDX-License-Identifier: Apache-2.0
//
// DiskCache: compiled modules in a folder that many processes share.
#pragma once

#include "runtime/CompiledModule.h"

#include "llvm/Support/Chrono.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lighthouse {

struct CacheEntry {
  std::string key; ///< empty when the file is damaged
  std::string file;
  uint64_t bytes = 0;
  llvm::sys::TimePoint<> last_used;
};

/// Files are named by the BLAKE3 of their key, hold the whole key and are checked against their own hash before use.
/// They appear at once, under a name of no other content, so readers need no lock. No trouble with the folder ever
/// fails the caller: a look-up misses, a store is left out, and a warning (one a process) says how to help.
class DiskCache {
public:
  /// Folder: LIGHTHOUSE_CACHE_DIR, else $XDG_CACHE_HOME/lighthouse, else ~/.cache/lighthouse. LIGHTHOUSE_CACHE=0 turns
  /// it off. Size: LIGHTHOUSE_CACHE_SIZE in bytes with an optional suffix k, M or G, else 1G.
  static DiskCache fromEnvironment();
  /// An empty path makes a cache that is turned off. The folder is created by the first store.
  DiskCache(std::string path, uint64_t max_bytes) : folder(std::move(path)), max_bytes(max_bytes) {}

  /// The module stored under `key`; nothing when there is none, or only a damaged one.
  std::optional<CompiledModule> lookup(llvm::StringRef key) const;
  /// Publishes the module, replacing an older one, and now and then prunes the folder. False when it could not.
  bool store(llvm::StringRef key, const CompiledModule &module) const;

  /// Every entry, damaged ones too, the last used first. Does not count as use.
  std::vector<CacheEntry> list() const;
  /// Deletes our entries, and what a killed process left unfinished. Returns the number of files and their bytes.
  std::pair<size_t, uint64_t> clear() const;

  /// The folder; empty when there is none.
  llvm::StringRef path() const { return folder; }
  bool enabled() const { return !folder.empty(); }
  uint64_t maxBytes() const { return max_bytes; }

private:
  std::string folder;
  uint64_t max_bytes;
};

} // namespace lighthouse
