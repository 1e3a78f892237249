// SPDX-License-Identifier: Apache-2.0
//
// Autotune: see Autotune.h.
#include "lighthouse_ops/Autotune.h"

#include "lighthouse_ops/KernelSearch.h"
#include "lighthouse_ops/TunedSchedules.h"

#include "llvm/Support/raw_ostream.h"

#include <atomic>
#include <cstdlib>

using namespace llvm;

namespace lighthouse {

static bool wantsAutotune() {
  const char *value = std::getenv("LIGHTHOUSE_AUTOTUNE");
  StringRef asked = value ? value : "";
  static std::atomic_flag warned;
  if (!asked.empty() && asked != "0" && asked != "1" && !warned.test_and_set())
    errs() << "lighthouse: warning: LIGHTHOUSE_AUTOTUNE expects 0 or 1, but got '" << asked << "'; nothing is tuned\n";
  return asked == "1";
}

static void warnNotTuned(const Twine &reason) {
  static std::atomic_flag warned;
  if (!warned.test_and_set())
    errs() << "lighthouse: warning: LIGHTHOUSE_AUTOTUNE=1 tunes nothing: " << reason << "\n";
}

/// Spaces of the kernels that have no entry for just this spec.
static std::vector<SearchSpace> unknownSpaces(std::vector<SearchSpace> spaces, const Spec &spec,
                                              const KnownTunings &known) {
  erase_if(spaces, [&](const SearchSpace &space) { return known.find(featuresOf(spec, space.kernel)); });
  return spaces;
}

static void autotune(const Spec &spec, const Gpu &gpu) {
  const std::string &name = gpu.device.name;
  std::vector<SearchSpace> spaces = searchSpacesOf(spec, gpu.target);
  std::shared_ptr<const KnownTunings> known = knownTunings(name);
  if (unknownSpaces(spaces, spec, *known).empty())
    return;
  if (known->file.empty())
    return warnNotTuned("the disk cache is off, which results are kept beside, so that all processes take the same");
  Expected<TuningLock> lock = TuningLock::acquire(known->file);
  if (!lock)
    return warnNotTuned(toString(lock.takeError()));
  // Another process may have done it while this one waited.
  forgetTunings();
  std::vector<SearchSpace> unknown = unknownSpaces(std::move(spaces), spec, *knownTunings(name));
  if (unknown.empty())
    return;
  errs() << "lighthouse: tuning " << unknown.size() << " kernels on " << name << " for [" << spec.str() << "]\n";
  try {
    tuneKernels(spec, gpu, unknown, known->file, /*shows_progress=*/true);
  } catch (const std::runtime_error &error) { // Memory, for example; the op itself may do all the same.
    warnNotTuned(error.what());
  }
}

Schedules schedulesFor(const Spec &spec, const Gpu &gpu) {
  if (wantsAutotune() && spec.op != OpKind::Scatter)
    autotune(spec, gpu);
  return nearestSchedules(spec, *knownTunings(gpu.device.name));
}

} // namespace lighthouse
