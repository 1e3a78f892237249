// SPDX-License-Identifier: Apache-2.0
//
// KernelSearch: the search for the fastest parameters of one kernel, or of several; not installed.
#pragma once

#include "compiler/Cuda/SearchSpace.h"
#include "lighthouse_ops/Gpu.h"
#include "lighthouse_ops/Spec.h"
#include "lighthouse_ops/Tuning.h"
#include "runtime/Assembler.h"
#include "runtime/Tuner.h"
#include "runtime/TuningDatabase.h"

#include <atomic>
#include <mutex>

namespace lighthouse {

/// How far a search is, on stderr where it `shows`: a bar on a terminal, and a line at the end.
class Progress {
public:
  Progress(bool shows, std::string what, size_t total) : shows(shows), what(std::move(what)), total(total) {}
  void step();
  void finish(const std::string &result);

private:
  bool shows;
  std::string what;
  size_t total;
  std::atomic<size_t> done = 0;
  std::mutex mutex;
};

class KernelSearch {
public:
  /// Candidates among `crashes` are left out. All arguments outlive the search.
  KernelSearch(const Spec &spec, const Gpu &gpu, const std::optional<Assembler> &assembler, const SearchSpace &space,
               llvm::ArrayRef<TuningCrash> crashes)
      : spec(spec), gpu(gpu), assembler(assembler), space(space), crashes(crashes), candidates(candidatesOf(space)) {}

  /// Steps of the progress.
  size_t steps() const { return 2 * candidates.size(); }
  /// Compiles all candidates, then tries them in place of a launch of this kernel. One that takes the GPU's context
  /// down ends the search and is `lost`. Throws DeviceError where the default fails.
  KernelTuning run(Tuner &tuner, const LaunchPlan &plan, size_t launch, Progress &progress);

  std::optional<Rejection> lost;

private:
  /// A candidate's code, or why there is none.
  struct Built {
    Launch launch;
    llvm::SmallVector<char, 0> code;
    std::string refusal;
    bool is_pruned = false; ///< refused before there was code
  };

  Built build(const Parameters &parameters) const;
  /// PTX to what is loaded. Gives the reason where that fails or the code will be slow.
  std::string assemble(Built &built, const std::string &ptx) const;

  const Spec &spec;
  const Gpu &gpu;
  const std::optional<Assembler> &assembler;
  const SearchSpace &space;
  llvm::ArrayRef<TuningCrash> crashes;
  std::vector<Parameters> candidates;
};

/// The spaces of a canonical spec's kernels that the target has candidates for.
std::vector<SearchSpace> searchSpacesOf(const Spec &spec, const CudaTarget &target);

/// Searches them one after another, as `tune` does. `file` is the database, whose lock the caller holds; empty keeps
/// nothing.
Tuning tuneKernels(const Spec &spec, const Gpu &gpu, llvm::ArrayRef<SearchSpace> spaces, const std::string &file,
                   bool shows_progress);

} // namespace lighthouse
