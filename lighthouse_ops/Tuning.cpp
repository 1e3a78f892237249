// SPDX-License-Identifier: Apache-2.0
//
// Tuning: the kernels of a spec one after another.
#include "lighthouse_ops/Tuning.h"

#include "compiler/Compile.h"
#include "lighthouse_ops/Compilation.h"
#include "lighthouse_ops/CudaCode.h"
#include "lighthouse_ops/KernelSearch.h"
#include "lighthouse_ops/SpecRules.h"
#include "lighthouse_ops/TunedSchedules.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>
#include <random>

using namespace llvm;

namespace lighthouse {

std::vector<SearchSpace> searchSpacesOf(const Spec &spec, const CudaTarget &target) {
  Compilation compilation(spec);
  auto spaces = compilation.take(cudaSearchSpaces(compilation.stages(), target));
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
  void keep(const KernelTuning &result, const Launch &launch);
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
  database.arch = gpu.target.arch;
  change(database);
  if (std::error_code code = database.publish(file))
    throw CompileError(fmt::format("cannot write the tuning database '{}': {}", file, code.message()));
}

void SpecSearch::keep(const KernelTuning &result, const Launch &launch) {
  TuningEntry entry{.features = featuresOf(spec, result.kernel),
                    .parameters = result.best == result.defaults ? Parameters() : result.best,
                    .microseconds = result.microseconds,
                    .default_microseconds = result.default_microseconds,
                    .moved_bytes = launch.moved_bytes,
                    .flops = launch.flops};
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
  keep(result, plan->launches[launch]);
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

Tuning tuneKernels(const Spec &spec, const Gpu &gpu, ArrayRef<SearchSpace> spaces, const std::string &file,
                   bool shows_progress) {
  return SpecSearch(spec, gpu, file, shows_progress).run(spaces);
}

Tuning tune(const Spec &given, Device device, const TuneOptions &options) {
  given.validate();
  if (device.kind == DeviceKind::Cpu)
    throw InvalidArgument("device: expects a GPU, as kernels of the CPU have no parameters to tune, but got cpu");
  if (given.op == OpKind::Scatter)
    throw InvalidArgument("op: expects attention or gather, but got scatter, whose kernels are tuned with attention");
  Spec spec = canonical(given);
  Gpu gpu = Gpu::openFor(spec, device.ordinal, options.compile);
  std::vector<SearchSpace> spaces = chosenSpaces(searchSpacesOf(spec, gpu.target), options.kernels);
  std::string file = options.database.empty() ? knownTunings(gpu.device.name)->file : options.database;
  if (file.empty())
    return tuneKernels(spec, gpu, spaces, file, options.shows_progress);
  Expected<TuningLock> lock = TuningLock::acquire(file);
  if (!lock)
    throw CompileError(toString(lock.takeError()));
  if (std::string of = TuningDatabase::load(file).gpu; !of.empty() && of != gpu.device.name)
    throw InvalidArgument(
        fmt::format("database: expects one of {}, but got that of {}, '{}'", gpu.device.name, of, file));
  return tuneKernels(spec, gpu, spaces, file, options.shows_progress);
}

} // namespace lighthouse
