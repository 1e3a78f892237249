// SPDX-License-Identifier: Apache-2.0
//
// KernelSearch: see KernelSearch.h.
#include "lighthouse_ops/KernelSearch.h"

#include "lighthouse_ops/Compilation.h"
#include "lighthouse_ops/TunedSchedules.h"
#include "runtime/AssemblyLog.h"
#include "runtime/ThreadPool.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>

using namespace llvm;

namespace lighthouse {

/// What is not faster by more than this is not worth other code.
static constexpr double kLeastGain = 1.01;

void Progress::step() {
  size_t now = ++done;
  if (!shows || !errs().is_displayed())
    return;
  constexpr size_t width = 30;
  size_t filled = width * now / total;
  std::lock_guard lock(mutex);
  errs() << fmt::format("\r[{}{}] {:3}% {}", std::string(filled, '='), std::string(width - filled, ' '),
                        100 * now / total, what);
}

void Progress::finish(const std::string &result) {
  if (shows)
    errs() << (errs().is_displayed() ? "\r\x1b[K" : "") << "lighthouse: " << what << ": " << result << "\n";
}

/// One line of a message of several, without the op that every refusal of a schedule names.
static std::string lineOf(Error error) {
  SmallVector<StringRef> lines;
  std::string text = toString(std::move(error));
  StringRef(text).split(lines, '\n', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef &line : lines)
    line.consume_front("'lighthouse.kernel' op ");
  return llvm::join(lines, "; ");
}

std::string KernelSearch::assemble(Built &built, const std::string &ptx) const {
  if (!assembler) {
    built.code.assign(ptx.begin(), ptx.end());
    return "";
  }
  Expected<Assembled> assembled = assembler->assemble(ptx, gpu.target);
  if (!assembled)
    return lineOf(assembled.takeError());
  for (const KernelUse &use : parseAssemblyLog(assembled->log))
    if (std::string text = use.slowness(); !text.empty())
      return text;
  built.code = std::move(assembled->cubin);
  return "";
}

KernelSearch::Built KernelSearch::build(const Parameters &parameters) const {
  Built built;
  const TuningFeatures features = featuresOf(spec, space.kernel);
  for (const TuningCrash &crash : crashes)
    if (crash.features == features && crash.parameters == parameters) {
      built.refusal = "crashed before: " + crash.reason;
      return built;
    }
  Compilation compilation(spec);
  auto kernel = compileCudaKernel(compilation.stages(), gpu.target, space.kernel, parameters);
  if (!kernel || !kernel->misfit.empty()) {
    built.refusal = kernel ? kernel->misfit : lineOf(kernel.takeError());
    built.is_pruned = true;
    return built;
  }
  built.launch = std::move(kernel->launch);
  built.refusal = assemble(built, kernel->ptx);
  return built;
}

KernelTuning KernelSearch::run(Tuner &tuner, const LaunchPlan &plan, size_t launch, Progress &progress) {
  KernelTuning result;
  result.kernel = space.kernel;
  result.defaults = result.best = space.defaults;
  // All are compiled before anything is timed, which other work would disturb.
  std::vector<Built> built(candidates.size());
  parallelFor(candidates.size(), defaultThreadCount(), [&](int64_t i) {
    built[i] = build(candidates[i]);
    progress.step();
  });
  result.default_microseconds = result.microseconds = takeFromDevice(tuner.select(plan, launch));
  const Built *best = nullptr;
  for (auto [parameters, each] : zip_equal(candidates, built)) {
    if (each.refusal.empty()) {
      Outcome outcome = tuner.attempt(each.launch, each.code, result.microseconds);
      each.refusal = outcome.refusal;
      if (outcome.is_lost) {
        lost = Rejection{parameters, outcome.refusal};
        return result;
      }
      if (outcome.refusal.empty()) {
        ++result.tried;
        if (outcome.microseconds < result.microseconds) {
          result.microseconds = outcome.microseconds;
          result.best = parameters;
          best = &each;
        }
      }
    }
    if (!each.refusal.empty())
      (each.is_pruned ? result.pruned : result.rejected).push_back({parameters, each.refusal});
    progress.step();
  }
  if (!best)
    return result;
  // Clocks and temperature move while candidates are tried: the best must win side by side.
  std::tie(result.default_microseconds, result.microseconds) = takeFromDevice(tuner.compare(best->launch, best->code));
  if (result.default_microseconds < kLeastGain * result.microseconds) {
    result.best = result.defaults;
    result.microseconds = result.default_microseconds;
  }
  return result;
}

} // namespace lighthouse
