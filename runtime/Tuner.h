// SPDX-License-Identifier: Apache-2.0
//
// Tuner: times one kernel of a module at a time, with other code in its place.
#pragma once

#include "runtime/CudaModule.h"

#include <chrono>
#include <map>

namespace lighthouse {

/// What became of code that was tried in place of a kernel's.
struct Outcome {
  double microseconds = 0; ///< median
  std::string refusal =
      {}; ///< why it can't be taken: KernelUse::slowness, it fails, or gives other results; empty when it can
  bool is_lost = false; ///< it took the GPU's context down, or does not end: nothing else can be run
};

/// A module's plans with memory for all that they read and write, filled with random numbers. A kernel is timed by
/// itself: what comes before it has run, and it runs again and again. Its inputs and everything else are out of the L2
/// cache each time.
class Tuner {
public:
  /// Allocates device memory and runs the plan "forward", which the other plans' inputs come from. Fails on a plan that
  /// takes integers which no plan makes. A launch that takes longer than `limit` counts as one that does not end.
  static llvm::Expected<std::unique_ptr<Tuner>> create(std::unique_ptr<CudaModule> module, int64_t l2_bytes,
                                                       uint64_t seed,
                                                       std::chrono::seconds limit = std::chrono::seconds(20));
  ~Tuner();
  Tuner(const Tuner &) = delete;
  Tuner &operator=(const Tuner &) = delete;

  const CudaModule &code() const { return *own; }

  /// Turns to a launch of a plan of the module. Gives the median of its microseconds; what it writes is what others are
  /// compared with.
  llvm::Expected<double> select(const LaunchPlan &plan, size_t launch);
  /// Tries code (a cubin, or PTX) with its grid in place of the selected launch; gives up early on what is clearly
  /// slower than `best` microseconds.
  Outcome attempt(const Launch &launch, llvm::SmallVector<char, 0> code, double best);
  /// Times the selected launch's own code and other code by turns: microseconds of both.
  llvm::Expected<std::pair<double, double>> compare(const Launch &launch, llvm::SmallVector<char, 0> code);

private:
  /// Code that is launched: a plan of a module, and which launch of it.
  struct Code {
    const CudaModule &module;
    const LaunchPlan &plan;
    size_t launch;
  };

  Tuner(std::unique_ptr<CudaModule> module, size_t flush_bytes, std::chrono::seconds limit)
      : own(std::move(module)), module(*own), flush_bytes(flush_bytes), limit(limit) {}
  llvm::Error allocate(const LaunchPlan &plan, uint64_t seed);
  llvm::Error fill(const Buffer &buffer, uint64_t seed);
  llvm::Expected<CUdeviceptr> allocate(size_t bytes);
  std::vector<TensorArg> argsOf(const LaunchPlan &plan) const;
  llvm::Expected<std::unique_ptr<CudaModule>> load(const Launch &launch, llvm::SmallVector<char, 0> code) const;
  /// Runs code once, with its outputs spoilt before, and waits.
  llvm::Error runOnce(const Code &code);
  /// Microseconds of one run with a cold cache.
  llvm::Expected<double> timeOnce(const Code &code);
  llvm::Expected<double> median(const Code &code, double best);
  /// Fails where it gives other results than the reference.
  llvm::Expected<double> checkAndTime(const Code &code, double best);
  llvm::Error wait();
  llvm::Error readOutputs(std::vector<std::vector<char>> &outputs) const;
  /// Why outputs differ from the reference by more than rounding; empty where they don't.
  std::string difference(const std::vector<std::vector<char>> &outputs) const;
  llvm::Error check(CUresult code, const llvm::Twine &what) const { return module.context().driver.check(code, what); }

  std::unique_ptr<CudaModule> own;
  const CudaModule &module;
  const size_t flush_bytes;
  const std::chrono::seconds limit;
  std::map<std::string, CUdeviceptr> tensors; ///< of inputs and outputs, by name
  std::vector<CUdeviceptr> allocations;
  CUdeviceptr workspace = 0, flush = 0;
  size_t workspace_bytes = 0;
  CUstream stream = nullptr;
  CUevent begin = nullptr, end = nullptr;
  bool hangs = false; ///< a kernel does not end; waiting for anything would not either

  // The selected launch.
  const LaunchPlan *plan = nullptr;
  size_t selected = 0;
  std::vector<TensorArg> args;
  std::vector<int64_t> outputs; ///< buffers that it writes
  std::vector<std::vector<char>> reference;
};

} // namespace lighthouse
