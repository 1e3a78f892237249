// SPDX-License-Identifier: Apache-2.0
//
// TunedSchedules: see TunedSchedules.h.
#include "lighthouse_ops/TunedSchedules.h"

#include "lighthouse_ops/Gpu.h"
#include "lighthouse_ops/SpecRules.h"
#include "lighthouse_ops/Tuning.h"
#include "runtime/DiskCache.h"

#include <mutex>

using namespace llvm;

namespace lighthouse {

const TuningEntry *KnownTunings::find(const TuningFeatures &features) const {
  const TuningEntry *found = own.find(features);
  return found ? found : shipped.find(features);
}

namespace {

struct Known {
  std::mutex mutex;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const KnownTunings>> by_gpu_and_file;
};

} // namespace

static Known &known() {
  static auto *state = new Known;
  return *state;
}

std::shared_ptr<const KnownTunings> knownTunings(const std::string &gpu) {
  DiskCache cache = DiskCache::fromEnvironment();
  std::string file = cache.enabled() ? tuningFile(cache.path(), gpu) : "";
  std::lock_guard lock(known().mutex);
  auto &entry = known().by_gpu_and_file[{gpu, file}];
  if (!entry)
    entry = std::make_shared<const KnownTunings>(
        KnownTunings{file, file.empty() ? TuningDatabase() : TuningDatabase::load(file), TuningDatabase::shipped(gpu)});
  return entry;
}

void forgetTunings() {
  std::lock_guard lock(known().mutex);
  known().by_gpu_and_file.clear();
}

/// Rows that a kernel goes through: those of the sub-sequence, of a residue class, or all tokens.
static int64_t rowsOf(const Spec &spec, StringRef kernel) {
  if (kernel.contains("token_norm") || kernel.contains("gla_squares"))
    return (spec.seq_len + spec.dilation - 1) / spec.dilation;
  return kernel.contains("attend") ? spec.subsequenceLength() : spec.seq_len;
}

TuningFeatures featuresOf(const Spec &spec, const std::string &kernel) {
  return {.kernel = kernel,
          .dtype = name(spec.dtype),
          .head_dim = spec.head_dim,
          .group = spec.num_heads / spec.num_kv_heads,
          .length = rowsOf(spec, kernel),
          .levels = spec.num_levels};
}

Schedules nearestSchedules(const Spec &spec, const KnownTunings &known) {
  std::map<std::string, std::pair<double, const TuningEntry *>> nearest;
  for (const TuningDatabase *database : {&known.own, &known.shipped})
    for (const TuningEntry &entry : database->entries) {
      const std::string &kernel = entry.features.kernel;
      std::optional<double> far = distance(entry.features, featuresOf(spec, kernel));
      if (!far)
        continue;
      auto [found, is_new] = nearest.try_emplace(kernel, *far, &entry);
      if (!is_new && *far < found->second.first)
        found->second = {*far, &entry};
    }
  Schedules schedules;
  for (const auto &[kernel, best] : nearest)
    if (!best.second->parameters.empty())
      schedules[kernel] = best.second->parameters;
  return schedules;
}

Schedules tunedSchedules(const Spec &spec, Device device) {
  spec.validate();
  if (device.kind == DeviceKind::Cpu)
    return {};
  return nearestSchedules(canonical(spec), *knownTunings(Gpu::open(device.ordinal).device.name));
}

static TunedKernel publicForm(const TuningEntry &entry, bool is_shipped) {
  const TuningFeatures &features = entry.features;
  return {features.kernel,   features.dtype,     features.head_dim,
          features.group,    features.length,    features.levels,
          entry.parameters,  entry.microseconds, entry.default_microseconds,
          entry.moved_bytes, entry.flops,        is_shipped};
}

TuningRecord tuningRecord(const std::string &gpu) {
  std::shared_ptr<const KnownTunings> known = knownTunings(gpu);
  TuningRecord record;
  record.file = known->file;
  record.arch = known->own.arch.empty() ? known->shipped.arch : known->own.arch;
  for (const TuningEntry &entry : known->own.entries)
    record.entries.push_back(publicForm(entry, false));
  for (const TuningEntry &entry : known->shipped.entries)
    record.entries.push_back(publicForm(entry, true));
  return record;
}

std::vector<std::string> tunedGpus() { return shippedTuningGpus(); }

} // namespace lighthouse
