// SPDX-License-Identifier: Apache-2.0
//
// OnceCache: one maker a key, failures, and children forked while a value is being made.
#include "lighthouse_ops/OnceCache.h"

#include <gtest/gtest.h>
#include <latch>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace lighthouse;

namespace {

TEST(OnceCache, MakesAValueOnce) {
  OnceCache<int> cache;
  EXPECT_EQ(cache.get("a", [] { return 1; }), 1);
  EXPECT_EQ(cache.get("a", [] { return 2; }), 1);
  cache.clear();
  EXPECT_EQ(cache.get("a", [] { return 2; }), 2);
}

TEST(OnceCache, TriesAgainAfterAFailure) {
  OnceCache<int> cache;
  EXPECT_THROW(cache.get("a", []() -> int { throw std::runtime_error("no"); }), std::runtime_error);
  EXPECT_EQ(cache.get("a", [] { return 1; }), 1);
}

TEST(OnceCache, AForkedChildDoesNotWaitForAThreadOfItsParent) {
  OnceCache<int> cache;
  std::latch begun(1), go_on(1);
  std::thread maker([&] {
    cache.get("a", [&] {
      begun.count_down();
      go_on.wait();
      return 1;
    });
  });
  begun.wait();
  pid_t child = fork();
  if (child == 0) {
    alarm(20); // ends a child that waits
    _exit(cache.get("a", [] { return 7; }) + cache.get("a", [] { return 8; }));
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  go_on.count_down();
  maker.join();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 14);
  EXPECT_EQ(cache.get("a", [] { return 2; }), 1);
}

} // namespace
