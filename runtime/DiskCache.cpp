// SPDX-License-Identifier: Apache-2.0
//
// DiskCache: see DiskCache.h.
#include "runtime/DiskCache.h"

#include "runtime/Process.h"
#include "runtime/Seal.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/CachePruning.h"
#include "llvm/Support/Caching.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <atomic>
#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>

using namespace llvm;

namespace lighthouse {

static constexpr SealKind kEntrySeal = {"LHKE", 1, "cache entry"};
/// localCache puts "llvmcache-" before its keys, and pruneCache looks at no other files.
static constexpr StringLiteral kLocalCachePrefix = "llvmcache-";
static constexpr StringLiteral kOurPrefix = "lighthouse-";
static constexpr uint64_t kDefaultMaxBytes = uint64_t(1) << 30;

//===----------------------------------------------------------------------===//
// Messages and environment
//===----------------------------------------------------------------------===//

/// Once a process: what goes wrong with the folder goes wrong for every spec.
static void warnUnusable(StringRef folder, const Twine &reason) {
  static std::atomic_flag warned;
  if (!warned.test_and_set())
    errs() << "lighthouse: warning: cannot use the cache folder '" << folder << "': " << reason
           << "; compiled kernels are not kept. Set LIGHTHOUSE_CACHE_DIR to a writable folder, or LIGHTHOUSE_CACHE=0 "
              "to do without.\n";
}

static StringRef environment(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

/// "512M" to bytes; nothing for anything else than a positive number with an optional suffix.
static std::optional<uint64_t> parseSize(StringRef text) {
  unsigned shift = 0;
  if (text.consume_back_insensitive("k"))
    shift = 10;
  else if (text.consume_back_insensitive("m"))
    shift = 20;
  else if (text.consume_back_insensitive("g"))
    shift = 30;
  uint64_t number = 0;
  if (text.getAsInteger(10, number) || number == 0 || number > (std::numeric_limits<uint64_t>::max() >> shift))
    return std::nullopt;
  return number << shift;
}

DiskCache DiskCache::fromEnvironment() {
  uint64_t max_bytes = kDefaultMaxBytes;
  if (StringRef size = environment("LIGHTHOUSE_CACHE_SIZE"); !size.empty()) {
    static std::atomic_flag warned;
    std::optional<uint64_t> parsed = parseSize(size);
    if (!parsed && !warned.test_and_set())
      errs() << "lighthouse: warning: LIGHTHOUSE_CACHE_SIZE expects a positive number of bytes with an optional suffix "
                "k, M or G, but got '"
             << size << "'; using 1G\n";
    max_bytes = parsed.value_or(kDefaultMaxBytes);
  }
  if (environment("LIGHTHOUSE_CACHE") == "0")
    return DiskCache("", max_bytes);
  if (StringRef folder = environment("LIGHTHOUSE_CACHE_DIR"); !folder.empty())
    return DiskCache(folder.str(), max_bytes);
  SmallString<128> folder;
  if (!sys::path::cache_directory(folder)) {
    warnUnusable("", "this user has no home folder");
    return DiskCache("", max_bytes);
  }
  sys::path::append(folder, "lighthouse");
  return DiskCache(folder.str().str(), max_bytes);
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

/// The key that localCache is given.
static std::string localKey(StringRef key) {
  return kOurPrefix.str() + toHex(BLAKE3::hash<16>(arrayRefFromStringRef(key)), /*LowerCase=*/true);
}

static std::string entryFile(StringRef folder, StringRef key) {
  SmallString<128> file(folder);
  sys::path::append(file, kLocalCachePrefix + localKey(key));
  return file.str().str();
}

static SmallVector<char, 0> makeEntry(StringRef key, const CompiledModule &module) {
  SmallVector<char, 0> bytes = serialize(module), payload;
  appendBlob(payload, key);
  appendBlob(payload, StringRef(bytes.data(), bytes.size()));
  return seal(kEntrySeal, StringRef(payload.data(), payload.size()));
}

/// Key and module bytes of an entry, both parts of `bytes`.
static Expected<std::pair<StringRef, StringRef>> readEntry(StringRef bytes) {
  Expected<StringRef> rest = unseal(kEntrySeal, bytes);
  if (!rest)
    return rest.takeError();
  StringRef key, module;
  if (!takeBlob(*rest, key) || !takeBlob(*rest, module) || !rest->empty())
    return createStringError("cache entry expects a key and a module, but its lengths do not add up");
  return std::make_pair(key, module);
}

/// Marks an entry as used now. localCache leaves that to the file system, and many are mounted with relatime or
/// noatime. Best effort.
static void touch(const std::string &file) {
  const timespec times[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};
  utimensat(AT_FDCWD, file.c_str(), times, 0);
}

std::optional<CompiledModule> DiskCache::lookup(StringRef key) const {
  if (!enabled())
    return std::nullopt;
  std::unique_ptr<MemoryBuffer> buffer;
  Expected<FileCache> cache =
      localCache("Lighthouse", "lighthouse", folder,
                 [&](unsigned, const Twine &, std::unique_ptr<MemoryBuffer> hit) { buffer = std::move(hit); });
  if (!cache) {
    warnUnusable(folder, toString(cache.takeError()));
    return std::nullopt;
  }
  // On a miss this gives a function that adds the entry; store() says why we do not use it.
  Expected<AddStreamFn> miss = (*cache)(0, localKey(key), "");
  if (!miss) {
    warnUnusable(folder, StringRef(toString(miss.takeError())).rtrim());
    return std::nullopt;
  }
  if (!buffer)
    return std::nullopt;

  std::string file = entryFile(folder, key);
  auto damaged = [&](Error error) {
    errs() << "lighthouse: warning: ignoring the damaged cache file '" << file << "': " << toString(std::move(error))
           << "\n";
    return std::nullopt;
  };
  Expected<std::pair<StringRef, StringRef>> entry = readEntry(buffer->getBuffer());
  if (!entry)
    return damaged(entry.takeError());
  if (entry->first != key) // a renamed file
    return std::nullopt;
  Expected<CompiledModule> module = deserialize(entry->second);
  if (!module)
    return damaged(module.takeError());
  touch(file);
  return std::move(*module);
}

//===----------------------------------------------------------------------===//
// Publishing and pruning
//===----------------------------------------------------------------------===//

/// Least recently used entries go first. pruneCache itself looks at the folder at most once in 20 minutes, over all
/// processes.
static void prune(StringRef folder, uint64_t max_bytes) {
  // It ends the process when it cannot learn the space on the disk; ask first.
  if (!sys::fs::disk_space(folder))
    return;
  CachePruningPolicy policy;
  policy.Expiration = std::chrono::seconds(0); // by size only
  policy.MaxSizeBytes = max_bytes;
  (void)pruneCache(folder, policy);
}

bool DiskCache::store(StringRef key, const CompiledModule &module) const {
  if (!enabled())
    return false;
  SmallVector<char, 0> bytes = makeEntry(key, module);
  if (std::error_code code = publishFile(entryFile(folder, key), StringRef(bytes.data(), bytes.size()))) {
    warnUnusable(folder, code.message());
    return false;
  }
  prune(folder, max_bytes);
  return true;
}

//===----------------------------------------------------------------------===//
// Listing and clearing
//===----------------------------------------------------------------------===//

/// Calls `visit(file, status)` for each of our files, the unfinished ones too.
static void forEachFile(StringRef folder,
                        function_ref<void(const std::string &, const sys::fs::basic_file_status &)> visit) {
  std::error_code code;
  for (sys::fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code)) {
    StringRef name = sys::path::filename(it->path());
    if (!name.consume_front(kLocalCachePrefix) || !name.starts_with(kOurPrefix))
      continue;
    ErrorOr<sys::fs::basic_file_status> status = it->status();
    if (status && status->type() == sys::fs::file_type::regular_file)
      visit(it->path(), *status);
  }
}

/// The key in a file, empty when damaged. Reading does not mark the file as used where the system lets us.
static std::string keyOf(const std::string &file) {
  int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOATIME);
  if (descriptor < 0) // O_NOATIME is for the owner only
    descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return "";
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getOpenFile(descriptor, file, /*FileSize=*/-1, /*RequiresNullTerminator=*/false);
  (void)sys::fs::closeFile(descriptor);
  if (!buffer)
    return "";
  Expected<std::pair<StringRef, StringRef>> entry = readEntry((*buffer)->getBuffer());
  if (!entry) {
    consumeError(entry.takeError());
    return "";
  }
  return entry->first.str();
}

std::vector<CacheEntry> DiskCache::list() const {
  std::vector<CacheEntry> entries;
  forEachFile(folder, [&](const std::string &file, const sys::fs::basic_file_status &status) {
    if (!StringRef(file).ends_with(kUnfinishedSuffix))
      entries.push_back({keyOf(file), file, status.getSize(), status.getLastAccessedTime()});
  });
  llvm::sort(entries, [](const CacheEntry &a, const CacheEntry &b) {
    return std::tie(b.last_used, a.file) < std::tie(a.last_used, b.file);
  });
  return entries;
}

std::pair<size_t, uint64_t> DiskCache::clear() const {
  std::pair<size_t, uint64_t> removed = {0, 0};
  forEachFile(folder, [&](const std::string &file, const sys::fs::basic_file_status &status) {
    if (!sys::fs::remove(file, /*IgnoreNonExisting=*/false)) {
      ++removed.first;
      removed.second += status.getSize();
    }
  });
  return removed;
}

} // namespace lighthouse
