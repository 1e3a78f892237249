// SPDX-License-Identifier: Apache-2.0
//
// ThreadPool: each item once, from many callers at once, nested, and in a forked child.
#include "runtime/ThreadPool.h"

#include <atomic>
#include <cstdlib>
#include <gtest/gtest.h>
#include <sched.h>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace lighthouse;

/// Whether parallelFor called every item exactly once.
static bool runsEachItemOnce(int64_t items, int threads) {
  std::vector<std::atomic<int>> calls(items);
  parallelFor(items, threads, [&](int64_t item) { calls[item].fetch_add(1, std::memory_order_relaxed); });
  for (const std::atomic<int> &count : calls)
    if (count.load(std::memory_order_relaxed) != 1)
      return false;
  return true;
}

class ParallelFor : public testing::TestWithParam<int> {};

TEST_P(ParallelFor, RunsEachItemOnce) {
  for (int64_t items : {1, 2, 3, 5, 64, 1000})
    for (int repeat = 0; repeat < 50; ++repeat)
      ASSERT_TRUE(runsEachItemOnce(items, GetParam())) << items << " items";
}

TEST_P(ParallelFor, SeesTheWritesOfAllItems) {
  // Plain memory, so that a missing release or acquire shows under a race detector, too.
  std::vector<int64_t> squares(500);
  parallelFor(500, GetParam(), [&](int64_t item) { squares[item] = item * item; });
  for (int64_t item = 0; item < 500; ++item)
    ASSERT_EQ(squares[item], item * item);
}

INSTANTIATE_TEST_SUITE_P(Threads, ParallelFor, testing::Values(1, 2, 4, 7));

TEST(ThreadPool, NoItemsNoCall) {
  parallelFor(0, 4, [](int64_t) { FAIL(); });
}

TEST(ThreadPool, OneThreadRunsInOrderOnTheCaller) {
  std::vector<int64_t> order;
  std::set<std::thread::id> threads;
  parallelFor(20, 1, [&](int64_t item) {
    order.push_back(item);
    threads.insert(std::this_thread::get_id());
  });
  ASSERT_EQ(order.size(), 20u);
  for (int64_t item = 0; item < 20; ++item)
    EXPECT_EQ(order[item], item);
  EXPECT_EQ(threads, std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST(ThreadPool, ThreadsWorkAtTheSameTime) {
  // Each item waits for the others: it ends only if as many threads as items take part, more than there are cores on a
  // small machine.
  std::atomic<int> arrived = 0;
  parallelFor(5, 5, [&](int64_t) {
    ++arrived;
    while (arrived < 5)
      std::this_thread::yield();
  });
  EXPECT_EQ(arrived, 5);
}

TEST(ThreadPool, NestedCalls) {
  std::vector<std::atomic<int>> calls(8 * 30);
  parallelFor(8, 4, [&](int64_t outer) { parallelFor(30, 4, [&](int64_t inner) { ++calls[outer * 30 + inner]; }); });
  for (const std::atomic<int> &count : calls)
    ASSERT_EQ(count, 1);
}

TEST(ThreadPool, ManyCallers) {
  std::atomic<int> failures = 0;
  std::vector<std::thread> callers;
  callers.reserve(6);
  for (int caller = 0; caller < 6; ++caller)
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 200; ++repeat)
        failures += !runsEachItemOnce(17, 3);
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(failures, 0);
}

TEST(ThreadPool, DoesNotWaitForOtherCallers) {
  // The other caller's items cannot end before ours have.
  std::atomic<bool> release = false;
  std::atomic<int> held = 0;
  std::thread other([&] {
    parallelFor(3, 3, [&](int64_t) {
      ++held;
      while (!release)
        std::this_thread::yield();
    });
  });
  while (held == 0)
    std::this_thread::yield();
  EXPECT_TRUE(runsEachItemOnce(100, 4));
  release = true;
  other.join();
}

TEST(ThreadPool, WorksInAForkedChild) {
  ASSERT_TRUE(runsEachItemOnce(100, 4)); // the parent's workers exist
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(60); // a hang becomes a failure
    std::atomic<int> arrived = 0;
    parallelFor(3, 3, [&](int64_t) { // needs workers of its own
      ++arrived;
      while (arrived < 3)
        std::this_thread::yield();
    });
    _exit(runsEachItemOnce(100, 4) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
  EXPECT_TRUE(runsEachItemOnce(100, 4));
}

TEST(DefaultThreadCount, FollowsTheEnvironment) {
  setenv("LIGHTHOUSE_NUM_THREADS", "3", 1);
  EXPECT_EQ(defaultThreadCount(), 3);
  unsetenv("LIGHTHOUSE_NUM_THREADS");
  cpu_set_t cores;
  ASSERT_EQ(sched_getaffinity(0, sizeof(cores), &cores), 0);
  EXPECT_EQ(defaultThreadCount(), CPU_COUNT(&cores));
}

TEST(DefaultThreadCount, WarnsOnceAboutNonsense) {
  unsetenv("LIGHTHOUSE_NUM_THREADS");
  int cores = defaultThreadCount();
  testing::internal::CaptureStderr();
  for (const char *text : {"0", "-2", "all", "3.5", "99999999999999"}) {
    setenv("LIGHTHOUSE_NUM_THREADS", text, 1);
    EXPECT_EQ(defaultThreadCount(), cores);
  }
  unsetenv("LIGHTHOUSE_NUM_THREADS");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "lighthouse: warning: LIGHTHOUSE_NUM_THREADS expects a positive integer, but got '0'; using " +
                std::to_string(cores) + "\n");
}
