// SPDX-License-Identifier: Apache-2.0
//
// ThreadPool: see ThreadPool.h.
#include "runtime/ThreadPool.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/ThreadPool.h"
#include "llvm/Support/Threading.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <unistd.h>

using namespace llvm;

namespace lighthouse {

namespace {

/// Workers at most, over all callers. A thread starts only when a caller finds too few free ones.
constexpr size_t kMaxWorkers = 512;

/// How long a thread that has nothing to do looks for work before it sleeps. Launches of a plan follow each other at
/// once, and waking a thread takes from 40 us to some ms where the system first puts it on the waker's core.
constexpr std::chrono::milliseconds kLinger(1);

/// One call of parallelFor. It outlives the call while a worker that came too late still holds it; that one finds no
/// item left and does not touch `body`.
struct Job {
  Job(int64_t items, function_ref<void(int64_t)> body) : items(items), body(body) {}

  void work();
  void wait();

  const int64_t items;
  const function_ref<void(int64_t)> body;
  alignas(64) std::atomic<int64_t> next = 0;
  alignas(64) std::atomic<int64_t> finished = 0;
  std::atomic<int> all_finished = 0;
};

/// The workers of one process. A worker is a task of the pool that takes jobs until none has come for a while.
class Team {
public:
  /// Asks for up to `helpers` workers to join the job.
  void invite(const std::shared_ptr<Job> &job, size_t helpers);
  /// Takes back the invitations that nobody has accepted.
  void close(const std::shared_ptr<Job> &job);

  const pid_t process = getpid();

private:
  void serve();
  std::shared_ptr<Job> accept();

  std::mutex lock;                              ///< guards invitations, workers and busy
  std::deque<std::shared_ptr<Job>> invitations; ///< one for each worker asked for
  size_t workers = 0;
  size_t busy = 0;              ///< workers inside a job
  std::atomic<size_t> open = 0; ///< invitations.size(), to look at without the lock
  DefaultThreadPool threads{hardware_concurrency(kMaxWorkers)};
};

} // namespace

/// Polls `ready` for kLinger. Yields, so that more threads than cores, ours or others', do not hold each other up.
template <typename Ready> static bool linger(Ready ready) {
  auto deadline = std::chrono::steady_clock::now() + kLinger;
  do {
    for (int poll = 0; poll < 256; ++poll)
      if (ready())
        return true;
    std::this_thread::yield();
  } while (std::chrono::steady_clock::now() < deadline);
  return ready();
}

void Job::work() {
  int64_t mine = 0;
  for (int64_t item; (item = next.fetch_add(1, std::memory_order_relaxed)) < items; ++mine)
    body(item);
  // Release our items' writes, acquire the others' when we are last.
  if (mine > 0 && finished.fetch_add(mine, std::memory_order_acq_rel) + mine == items) {
    all_finished.store(1, std::memory_order_release);
    all_finished.notify_one();
  }
}

void Job::wait() {
  if (!linger([this] { return all_finished.load(std::memory_order_acquire) != 0; }))
    all_finished.wait(0, std::memory_order_acquire);
}

void Team::invite(const std::shared_ptr<Job> &job, size_t helpers) {
  size_t missing = 0;
  {
    std::lock_guard<std::mutex> guard(lock);
    invitations.insert(invitations.end(), helpers, job);
    open.store(invitations.size(), std::memory_order_release);
    size_t wanted = std::min(busy + invitations.size(), kMaxWorkers);
    if (wanted > workers)
      missing = wanted - workers;
    workers += missing;
  }
  for (size_t worker = 0; worker < missing; ++worker)
    threads.async([this] { serve(); });
}

void Team::close(const std::shared_ptr<Job> &job) {
  std::lock_guard<std::mutex> guard(lock);
  llvm::erase(invitations, job);
  open.store(invitations.size(), std::memory_order_release);
}

/// An invitation; nothing when none is left, and then the calling worker has been signed off.
std::shared_ptr<Job> Team::accept() {
  linger([this] { return open.load(std::memory_order_acquire) != 0; });
  std::lock_guard<std::mutex> guard(lock);
  if (invitations.empty()) {
    --workers;
    return nullptr;
  }
  std::shared_ptr<Job> job = std::move(invitations.front());
  invitations.pop_front();
  open.store(invitations.size(), std::memory_order_release);
  ++busy;
  return job;
}

void Team::serve() {
  while (std::shared_ptr<Job> job = accept()) {
    job->work();
    std::lock_guard<std::mutex> guard(lock);
    --busy;
  }
}

/// The team of this process. It is made without a lock, since a lock could be held by another thread at the moment of a
/// fork, and never destroyed: joining threads while a process exits or unloads us can hang, and in a forked child the
/// threads of the parent's team do not exist.
static Team &processTeam() {
  static std::atomic<Team *> current = nullptr;
  Team *team = current.load(std::memory_order_acquire);
  while (!team || team->process != getpid()) {
    auto fresh = std::make_unique<Team>();
    if (current.compare_exchange_strong(team, fresh.get(), std::memory_order_acq_rel, std::memory_order_acquire))
      team = fresh.release();
  }
  return *team;
}

void parallelFor(int64_t items, int num_threads, function_ref<void(int64_t)> body) {
  if (items <= 0)
    return;
  if (num_threads <= 1 || items == 1) {
    for (int64_t item = 0; item < items; ++item)
      body(item);
    return;
  }
  auto job = std::make_shared<Job>(items, body);
  Team &team = processTeam();
  team.invite(job, std::min<int64_t>({num_threads - 1, items - 1, kMaxWorkers}));
  job->work();
  team.close(job);
  job->wait();
}

int defaultThreadCount() {
  // Counts the affinity mask of this process.
  const int cores = static_cast<int>(hardware_concurrency().compute_thread_count());
  const char *text = std::getenv("LIGHTHOUSE_NUM_THREADS");
  if (!text || !*text)
    return cores;
  int count = 0;
  if (!StringRef(text).getAsInteger(10, count) && count > 0)
    return count;
  static std::atomic_flag warned;
  if (!warned.test_and_set())
    errs() << "lighthouse: warning: LIGHTHOUSE_NUM_THREADS expects a positive integer, but got '" << text << "'; using "
           << cores << "\n";
  return cores;
}

} // namespace lighthouse
