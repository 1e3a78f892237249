// SPDX-License-Identifier: Apache-2.0
//
// DiskCache: hits, misses, damaged files, folders that cannot be used, and many processes at once.
#include "runtime/DiskCache.h"
#include "tests/unit/helpers.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FileSystem.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace lighthouse;
using namespace llvm;

static constexpr uint64_t kMaxBytes = 1 << 20;

/// A module that can be told from others by its target.
static CompiledModule moduleNamed(const std::string &target, size_t code_bytes = 100) {
  CompiledModule module;
  module.target = target;
  module.code.emplace_back(code_bytes, 'c');
  return module;
}

/// What a child process said on stderr while it ran `body`, followed by "[exit N]".
static std::string saidInChild(const std::function<int()> &body) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    _exit(body());
  }
  close(ends[1]);
  std::string said = readAll(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return said + (WIFEXITED(status) ? "[exit " + std::to_string(WEXITSTATUS(status)) + "]" : "[killed]");
}

static size_t occurrences(StringRef text, StringRef part) { return text.count(part); }

class DiskCacheTest : public testing::Test {
protected:
  void SetUp() override {
    SmallString<128> path;
    ASSERT_FALSE(sys::fs::createUniqueDirectory("lighthouse-cache-test", path));
    root = path.str().str();
  }
  void TearDown() override { (void)sys::fs::remove_directories(root); }

  DiskCache cache(const std::string &name = "cache") const { return DiskCache(root + "/" + name, kMaxBytes); }

  static std::string contents(const std::string &file) {
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
  }
  static void overwrite(const std::string &file, const std::string &text) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
  }
  /// The target of the module under a key, or "miss".
  static std::string found(const DiskCache &cache, StringRef key) {
    std::optional<CompiledModule> module = cache.lookup(key);
    return module ? module->target : "miss";
  }
  static void setTimes(const std::string &file, time_t accessed, time_t modified) {
    const timespec times[2] = {{accessed, 0}, {modified, 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  }

  std::string root;
};

TEST_F(DiskCacheTest, MissThenHit) {
  DiskCache cache = this->cache();
  EXPECT_EQ(found(cache, "spec a"), "miss");
  EXPECT_FALSE(sys::fs::exists(cache.path())) << "a look-up must not create the folder";
  EXPECT_TRUE(cache.store("spec a", moduleNamed("a")));
  EXPECT_TRUE(cache.store("spec b", moduleNamed("b", 70000)));
  EXPECT_EQ(found(cache, "spec a"), "a");
  std::optional<CompiledModule> b = cache.lookup("spec b");
  ASSERT_TRUE(b);
  EXPECT_EQ(b->code, moduleNamed("b", 70000).code);
  EXPECT_EQ(found(cache, "spec"), "miss");
  EXPECT_EQ(found(cache, ""), "miss");
}

TEST_F(DiskCacheTest, StoreReplaces) {
  DiskCache cache = this->cache();
  EXPECT_TRUE(cache.store("spec", moduleNamed("old")));
  EXPECT_TRUE(cache.store("spec", moduleNamed("new")));
  EXPECT_EQ(found(cache, "spec"), "new");
  EXPECT_EQ(cache.list().size(), 1u);
}

TEST_F(DiskCacheTest, KeysMayHoldAnything) {
  DiskCache cache = this->cache();
  std::string keys[] = {"", "../../etc/passwd", std::string("a\0b", 3), "a", std::string(100000, 'k'), "\n\xff/"};
  for (size_t index = 0; index < std::size(keys); ++index)
    EXPECT_TRUE(cache.store(keys[index], moduleNamed(std::to_string(index))));
  for (size_t index = 0; index < std::size(keys); ++index)
    EXPECT_EQ(found(cache, keys[index]), std::to_string(index));
}

TEST_F(DiskCacheTest, DamagedFileIsAMissNamedInAWarning) {
  DiskCache cache = this->cache();
  ASSERT_TRUE(cache.store("spec", moduleNamed("good")));
  std::string file = cache.list().at(0).file, good = contents(file);
  std::string flipped = good;
  flipped[good.size() / 2] ^= 4;
  for (const std::string &bad :
       {flipped, good.substr(0, good.size() - 1), good + "x", std::string(), std::string("text")}) {
    overwrite(file, bad);
    testing::internal::CaptureStderr();
    EXPECT_EQ(found(cache, "spec"), "miss");
    std::string said = testing::internal::GetCapturedStderr();
    EXPECT_EQ(occurrences(said, "damaged cache file '" + file + "'"), 1u) << said;
    EXPECT_EQ(occurrences(said, "\n"), 1u) << said;
    EXPECT_EQ(cache.list().at(0).key, "") << "listed without its key";
    EXPECT_TRUE(cache.store("spec", moduleNamed("again")));
    EXPECT_EQ(found(cache, "spec"), "again");
  }
}

TEST_F(DiskCacheTest, EveryFlippedBitOfAFileIsSeen) {
  DiskCache cache = this->cache();
  ASSERT_TRUE(cache.store("k", moduleNamed("t", 4)));
  std::string file = cache.list().at(0).file, good = contents(file);
  testing::internal::CaptureStderr();
  std::string undetected;
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] ^= 1 << (bit % 8);
    overwrite(file, bad);
    if (cache.lookup("k"))
      undetected += std::to_string(bit) + " ";
  }
  std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(undetected, "");
  EXPECT_EQ(occurrences(said, "damaged"), good.size() * 8);
}

TEST_F(DiskCacheTest, RenamedFileIsAMiss) {
  DiskCache cache = this->cache();
  ASSERT_TRUE(cache.store("one", moduleNamed("1")));
  std::string one = cache.list().at(0).file;
  ASSERT_TRUE(cache.store("two", moduleNamed("2")));
  std::string two = cache.list()[0].file == one ? cache.list()[1].file : cache.list()[0].file;
  ASSERT_FALSE(sys::fs::rename(one, two));
  EXPECT_EQ(found(cache, "one"), "miss");
  EXPECT_EQ(found(cache, "two"), "miss");
  EXPECT_TRUE(cache.store("two", moduleNamed("2")));
  EXPECT_EQ(found(cache, "two"), "2");
}

TEST_F(DiskCacheTest, ListAndClear) {
  DiskCache cache = this->cache();
  EXPECT_TRUE(cache.list().empty());
  EXPECT_EQ(cache.clear(), (std::pair<size_t, uint64_t>(0, 0)));
  ASSERT_TRUE(cache.store("a", moduleNamed("a")));
  ASSERT_TRUE(cache.store("b", moduleNamed("b", 5000)));
  overwrite(cache.path().str() + "/llvmcache-another-program", "theirs");
  overwrite(cache.path().str() + "/notes.txt", "theirs");
  overwrite(cache.path().str() + "/llvmcache-lighthouse-00-12345678.tmp", "unfinished");

  std::vector<CacheEntry> entries = cache.list();
  ASSERT_EQ(entries.size(), 2u);
  for (const CacheEntry &entry : entries)
    setTimes(entry.file, entry.key == "a" ? 2000 : 1000, 500);
  entries = cache.list();
  EXPECT_EQ(entries[0].key, "a");
  EXPECT_EQ(entries[0].last_used, sys::toTimePoint(2000));
  EXPECT_EQ(entries[0].bytes, contents(entries[0].file).size());
  EXPECT_EQ(entries[1].key, "b");
  EXPECT_EQ(cache.list()[1].last_used, sys::toTimePoint(1000)) << "listing is no use";

  uint64_t bytes = entries[0].bytes + entries[1].bytes + StringRef("unfinished").size();
  EXPECT_EQ(cache.clear(), (std::pair<size_t, uint64_t>(3, bytes)));
  EXPECT_TRUE(cache.list().empty());
  EXPECT_EQ(found(cache, "a"), "miss");
  EXPECT_EQ(contents(cache.path().str() + "/llvmcache-another-program"), "theirs");
  EXPECT_EQ(contents(cache.path().str() + "/notes.txt"), "theirs");
}

TEST_F(DiskCacheTest, AHitIsAUse) {
  DiskCache cache = this->cache();
  ASSERT_TRUE(cache.store("a", moduleNamed("a")));
  // Later than every other time of the file, so that a relatime mount would leave it at a read.
  time_t ahead = std::time(nullptr) + 3600;
  setTimes(cache.list().at(0).file, ahead, ahead - 7200);
  EXPECT_EQ(found(cache, "a"), "a");
  EXPECT_LT(cache.list().at(0).last_used, sys::toTimePoint(ahead));
}

TEST_F(DiskCacheTest, PrunesTheLeastRecentlyUsed) {
  DiskCache cache(root + "/cache", 25000);
  for (const char *key : {"a", "b", "c"})
    ASSERT_TRUE(DiskCache(root + "/cache", kMaxBytes).store(key, moduleNamed(key, 9000)));
  for (const CacheEntry &entry : cache.list())
    setTimes(entry.file, entry.key == "a" ? 3000 : entry.key == "b" ? 1000 : 2000, 500);
  // The folder was looked at just now; 20 minutes later the next store does it again.
  ASSERT_TRUE(cache.store("d", moduleNamed("d", 9000)));
  EXPECT_EQ(cache.list().size(), 4u);
  setTimes(root + "/cache/llvmcache.timestamp", 1000, 1000);
  ASSERT_TRUE(cache.store("e", moduleNamed("e", 5000)));
  std::vector<std::string> left;
  for (const CacheEntry &entry : cache.list())
    left.push_back(entry.key);
  llvm::sort(left);
  EXPECT_EQ(left, (std::vector<std::string>{"a", "d", "e"}));
}

TEST_F(DiskCacheTest, UnusableFolderNeverFailsAndWarnsOnce) {
  overwrite(root + "/file", "in the way");
  // Below a file no folder can be made, not even by root; /proc takes no files at all.
  for (const std::string &path : {root + "/file/cache", root + "/file", std::string("/proc/lighthouse")}) {
    std::string said = saidInChild([&] {
      DiskCache cache(path, kMaxBytes);
      int wrong = 0;
      for (int repeat = 0; repeat < 3; ++repeat) {
        wrong += cache.lookup("a").has_value();
        wrong += cache.store("a", moduleNamed("a"));
      }
      wrong += !cache.list().empty();
      wrong += cache.clear().first != 0;
      return wrong;
    });
    EXPECT_EQ(occurrences(said, "cannot use the cache folder '" + path + "'"), 1u) << said;
    EXPECT_EQ(occurrences(said, "\n"), 1u) << said;
    EXPECT_EQ(occurrences(said, "LIGHTHOUSE_CACHE_DIR"), 1u) << said;
    EXPECT_EQ(occurrences(said, "LIGHTHOUSE_CACHE=0"), 1u) << said;
    EXPECT_TRUE(StringRef(said).ends_with("[exit 0]")) << said;
  }
}

TEST_F(DiskCacheTest, FullDiskLeavesNothingBehind) {
  DiskCache cache = this->cache();
  ASSERT_TRUE(cache.store("old", moduleNamed("old")));
  std::string said = saidInChild([&] {
    // Writes past the limit fail with EFBIG, as they do with ENOSPC on a full disk.
    signal(SIGXFSZ, SIG_IGN);
    rlimit limit = {4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
    int wrong = 0;
    wrong += cache.store("big", moduleNamed("big", 1000000));
    wrong += cache.store("old", moduleNamed("new", 1000000));
    wrong += found(cache, "old") != "old";
    wrong += !cache.store("small", moduleNamed("small"));
    return wrong;
  });
  EXPECT_EQ(occurrences(said, "cannot use the cache folder"), 1u) << said;
  EXPECT_TRUE(StringRef(said).ends_with("[exit 0]")) << said;
  EXPECT_EQ(found(cache, "big"), "miss");
  EXPECT_EQ(found(cache, "old"), "old");
  EXPECT_EQ(cache.clear().first, 2u) << "no unfinished files";
}

TEST_F(DiskCacheTest, StoringInstallsNoSignalHandlers) {
  struct sigaction before[32], after[32];
  for (int number = 1; number < 32; ++number)
    sigaction(number, nullptr, &before[number]);
  ASSERT_TRUE(cache().store("a", moduleNamed("a")));
  EXPECT_EQ(found(cache(), "a"), "a");
  for (int number = 1; number < 32; ++number) {
    sigaction(number, nullptr, &after[number]);
    EXPECT_EQ(before[number].sa_handler, after[number].sa_handler) << "signal " << number;
  }
}

TEST_F(DiskCacheTest, ManyThreadsAndProcesses) {
  DiskCache cache = this->cache();
  // Everyone stores and reads one key; a module is whole or absent.
  auto work = [&](int seed) {
    int wrong = 0;
    for (int repeat = 0; repeat < 25; ++repeat) {
      size_t size = 1000 + (seed * 7919 + repeat * 104729) % 60000;
      wrong += !cache.store("shared", moduleNamed(std::to_string(size), size));
      std::optional<CompiledModule> module = cache.lookup("shared");
      wrong += !module || module->target != std::to_string(module->code.at(0).size());
    }
    return wrong;
  };
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    children.push_back(fork());
    if (children.back() == 0)
      _exit(std::min(work(child), 100));
  }
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  threads.reserve(8);
  for (int thread = 0; thread < 8; ++thread)
    threads.emplace_back([&, thread] { wrong += work(100 + thread); });
  for (std::thread &thread : threads)
    thread.join();
  for (pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(cache.clear().first, 1u) << "one entry and no unfinished files";
}

/// Sets the variables while it lives; an empty value removes the variable.
class DiskCacheEnvironment : public testing::Test {
protected:
  void SetUp() override {
    for (const char *name : {"LIGHTHOUSE_CACHE", "LIGHTHOUSE_CACHE_DIR", "LIGHTHOUSE_CACHE_SIZE", "XDG_CACHE_HOME"})
      unsetenv(name);
    const char *home = getenv("HOME");
    old_home = home ? home : "";
    setenv("HOME", "/home/someone", 1);
  }
  void TearDown() override { setenv("HOME", old_home.c_str(), 1); }
  std::string old_home;
};

TEST_F(DiskCacheEnvironment, Folder) {
  EXPECT_EQ(DiskCache::fromEnvironment().path(), "/home/someone/.cache/lighthouse");
  setenv("XDG_CACHE_HOME", "/var/caches", 1);
  EXPECT_EQ(DiskCache::fromEnvironment().path(), "/var/caches/lighthouse");
  setenv("LIGHTHOUSE_CACHE_DIR", "/scratch/kernels", 1);
  EXPECT_EQ(DiskCache::fromEnvironment().path(), "/scratch/kernels");
  EXPECT_TRUE(DiskCache::fromEnvironment().enabled());
  setenv("LIGHTHOUSE_CACHE", "0", 1);
  DiskCache off = DiskCache::fromEnvironment();
  EXPECT_FALSE(off.enabled());
  EXPECT_FALSE(off.store("a", moduleNamed("a")));
  EXPECT_FALSE(off.lookup("a").has_value());
  EXPECT_TRUE(off.list().empty());
}

TEST_F(DiskCacheEnvironment, Size) {
  EXPECT_EQ(DiskCache::fromEnvironment().maxBytes(), uint64_t(1) << 30);
  for (auto [text, bytes] :
       {std::pair("5000", uint64_t(5000)), {"3k", 3 << 10}, {"512M", 512 << 20}, {"20G", uint64_t(20) << 30}}) {
    setenv("LIGHTHOUSE_CACHE_SIZE", text, 1);
    EXPECT_EQ(DiskCache::fromEnvironment().maxBytes(), bytes) << text;
  }
  std::string said = saidInChild([] {
    int wrong = 0;
    for (const char *text : {"0", "k", "1.5G", "-1", "10T", "99999999999G"}) {
      setenv("LIGHTHOUSE_CACHE_SIZE", text, 1);
      wrong += DiskCache::fromEnvironment().maxBytes() != uint64_t(1) << 30;
    }
    return wrong;
  });
  EXPECT_EQ(said, "lighthouse: warning: LIGHTHOUSE_CACHE_SIZE expects a positive number of bytes with an optional "
                  "suffix k, M or G, but "
                  "got '0'; using 1G\n[exit 0]");
}
