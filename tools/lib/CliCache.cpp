// SPDX-License-Identifier: Apache-2.0
//
// `lighthouse cache`: lists or clears the compiled modules on disk.
#include "runtime/DiskCache.h"
#include "tools/lib/Cli.h"

#include "llvm/Support/Chrono.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

using namespace llvm;

namespace lighthouse::cli {

namespace {

/// One entry a line, the last used first: its size, when it was used, and the spec, which is the first line of its key.
int list(const DiskCache &cache) {
  for (const CacheEntry &entry : cache.list()) {
    StringRef spec = StringRef(entry.key).split('\n').first;
    std::string used = formatv("{0:%Y-%m-%d %H:%M}", entry.last_used);
    outs() << fmt::format("{:>10}  {}  {}\n", formatBytes(entry.bytes), used,
                          entry.key.empty() ? "(damaged) " + entry.file : spec.str());
  }
  return 0;
}

int clear(const DiskCache &cache) {
  auto [files, bytes] = cache.clear();
  outs() << fmt::format("removed {} files, {}, from {}\n", files, formatBytes(bytes), cache.path().str());
  return 0;
}

struct CacheCommand : Command {
  CacheCommand() : Command("cache", "list or clear the compiled modules on disk") {}

  int run() override {
    if (action != "list" && action != "clear")
      return fail(action.empty() ? "cache: expects list or clear, as in 'lighthouse cache list'"
                                 : "cache: expects list or clear, but got '" + action + "'",
                  kBadUsage);
    DiskCache cache = DiskCache::fromEnvironment();
    if (!cache.enabled())
      return fail("the disk cache is off; unset LIGHTHOUSE_CACHE, or set LIGHTHOUSE_CACHE_DIR to a folder", kFailed);
    return action == "list" ? list(cache) : clear(cache);
  }

  cl::opt<std::string> action{cl::Positional, cl::desc("list|clear"), cl::sub(sub), cl::cat(category())};
};

} // namespace

Command &cacheCommand() {
  static auto *command = new CacheCommand;
  return *command;
}

} // namespace lighthouse::cli
