// SPDX-License-Identifier: Apache-2.0
//
// Tuning: the kernels of a spec one after another, on demand or on first use.
#include "lighthouse_ops/Tuning.h"

#include "lighthouse_ops/Autotune.h"
#include "lighthouse_ops/Compilation.h"
#include "lighthouse_ops/CudaCode.h"
#include "lighthouse_ops/KernelSearch.h"
#include "lighthouse_ops/SpecRules.h"
#include "lighthouse_ops/TunedSchedules.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <atomic>
#include <cstdlib>
#include <fmt/format.h>
#include <random>

using namespace llvm;

namespace lighthouse {

static std::vector<SearchSpace> spacesOf(const Spec &spec) {
  Compilation compilation(spec);
  auto spaces = compilation.take(cudaSearchSpaces(compilation.stages()));
  erase_if(spaces, [](const SearchSpace &space) { return candidatesOf(space).empty(); });
  return spaces;
}

/// The spaces of the kernels that are named, or all.
static std::vector<SearchSpace> chosenSpaces(std::vector<SearchSpace> spaces, ArrayRef<std::string> kernels) {
  auto names = map_range(spaces, [](const SearchSpace &space) { return space.kernel; });
  for (const std::string &kernel : kernels)
    if (!is_contained(names, kernel))
      throw InvalidArgument(fmt::format("kernel: expects one of {}, but got {}", llvm::join(names, ", "), kernel));
  erase_if(spaces, [&](const SearchSpace &space) { return !kernels.empty() && !is_contained(kernels, space.kernel); });
  return spaces;
}

/// The plan that launches a kernel, and which launch it is.
static std::pair<const LaunchPlan *, size_t> findLaunch(const CudaModule &module, StringRef kernel) {
  for (StringRef name : {"forward", "backward"}) {
    const LaunchPlan &plan = *module.findPlan(name);
    auto found = find_if(plan.launches, [&](const Launch &launch) { return launch.kernel == kernel; });
    if (found != plan.launches.end())
      return {&plan, found - plan.launches.begin()};
  }
  throw CompileError(fmt::format("expects a launch of {}, but the plans have none", kernel.str()));
}

namespace {

/// Tunes kernels of a spec one after another. `file` is the database, whose lock the caller holds; empty keeps nothing.
class SpecSearch {
public:
  SpecSearch(const Spec &spec, const Gpu &gpu, std::string file, bool shows_progress)
      : spec(spec), gpu(gpu), file(std::move(file)), shows_progress(shows_progress) {}

  Tuning run(ArrayRef<SearchSpace> spaces);

private:
  KernelTuning search(const SearchSpace &space, Tuner &tuner);
  void keep(const KernelTuning &result);
  [[noreturn]] void giveUp(const std::string &kernel, const Rejection &lost);
  void change(function_ref<void(TuningDatabase &)> change);

  const Spec &spec;
  const Gpu &gpu;
  std::string file;
  bool shows_progress;
  std::optional<Assembler> assembler;
};

} // namespace

void SpecSearch::change(function_ref<void(TuningDatabase &)> change) {
  if (file.empty())
    return;
  TuningDatabase database = TuningDatabase::load(file);
  database.gpu = gpu.device.name;
  change(database);
  if (std::error_code code = database.publish(file))
    throw CompileError(fmt::format("cannot write the tuning database '{}': {}", file, code.message()));
}

void SpecSearch::keep(const KernelTuning &result) {
  TuningEntry entry{.features = featuresOf(spec, result.kernel),
                    .parameters = result.best == result.defaults ? Parameters() : result.best,
                    .microseconds = result.microseconds,
                    .default_microseconds = result.default_microseconds};
  change([&](TuningDatabase &database) { database.put(std::move(entry)); });
}

void SpecSearch::giveUp(const std::string &kernel, const Rejection &lost) {
  change([&](TuningDatabase &database) {
    database.crashes.push_back({featuresOf(spec, kernel), lost.parameters, lost.reason});
  });
  forgetTunings();
  bool is_recorded = !file.empty();
  throw ContextLost(fmt::format("tuning {} with {} took the GPU's context down: {}; {}", kernel,
                                toString(lost.parameters), lost.reason,
                                is_recorded ? "it is recorded, and another process leaves it out"
                                            : "it cannot be recorded, as the disk cache is off"),
                    is_recorded);
}

KernelTuning SpecSearch::search(const SearchSpace &space, Tuner &tuner) {
  std::vector<TuningCrash> crashes = file.empty() ? std::vector<TuningCrash>() : TuningDatabase::load(file).crashes;
  KernelSearch search(spec, gpu, assembler, space, crashes);
  Progress progress(shows_progress, "tuning " + space.kernel, search.steps());
  auto [plan, launch] = findLaunch(tuner.code(), space.kernel);
  KernelTuning result = search.run(tuner, *plan, launch, progress);
  if (search.lost)
    giveUp(space.kernel, *search.lost);
  progress.finish(
      fmt::format("{:.1f} us, {}", result.microseconds,
                  result.best == result.defaults
                      ? "by default"
                      : fmt::format("{} ({:.1f} by default)", toString(result.best), result.default_microseconds)));
  keep(result);
  return result;
}

Tuning SpecSearch::run(ArrayRef<SearchSpace> spaces) {
  assembler = assemblerFor(gpu);
  CudaCode code = cudaCode(spec, {}, gpu);
  std::unique_ptr<CudaModule> module = takeFromDevice(CudaModule::load(std::move(code.module), gpu.context));
  std::unique_ptr<Tuner> tuner =
      takeFromDevice(Tuner::create(std::move(module), gpu.device.l2_bytes, std::random_device()()));
  Tuning result{spec.str(), gpu.device.name, file, {}};
  for (const SearchSpace &space : spaces)
    result.kernels.push_back(search(space, *tuner));
  forgetTunings();
  return result;
}

Tuning tune(const Spec &given, Device device, const TuneOptions &options) {
  given.validate();
  if (device.kind == DeviceKind::Cpu)
    throw InvalidArgument("device: expects a GPU, as kernels of the CPU have no parameters to tune, but got cpu");
  if (given.op == OpKind::Scatter)
    throw InvalidArgument("op: expects attention or gather, but got scatter, whose kernels are tuned with attention");
  Spec spec = canonical(given);
  Gpu gpu = Gpu::open(device.ordinal);
  std::vector<SearchSpace> spaces = chosenSpaces(spacesOf(spec), options.kernels);
  std::string file = options.database.empty() ? knownTunings(gpu.device.name)->file : options.database;
  if (file.empty())
    return SpecSearch(spec, gpu, "", options.shows_progress).run(spaces);
  Expected<TuningLock> lock = TuningLock::acquire(file);
  if (!lock)
    throw CompileError(toString(lock.takeError()));
  return SpecSearch(spec, gpu, file, options.shows_progress).run(spaces);
}

//===----------------------------------------------------------------------===//
// On first use
//===----------------------------------------------------------------------===//

static bool wantsAutotune() {
  const char *value = std::getenv("LIGHTHOUSE_AUTOTUNE");
  return value && StringRef(value) == "1";
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
  std::vector<SearchSpace> spaces = spacesOf(spec);
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
    SpecSearch(spec, gpu, known->file, /*shows_progress=*/true).run(unknown);
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
