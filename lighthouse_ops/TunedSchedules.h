// SPDX-License-Identifier: Apache-2.0
//
// TunedSchedules: from the tuning databases to the schedules of a spec; not installed.
#pragma once

#include "lighthouse_ops/Spec.h"
#include "runtime/TuningDatabase.h"

#include <memory>

namespace lighthouse {

/// Entries for a model of GPU: the user's, then the library's.
struct KnownTunings {
  std::string file; ///< the user's database; empty when the cache is off
  TuningDatabase own, shipped;

  const TuningEntry *find(const TuningFeatures &features) const;
};

/// Read once a process, so that what a spec gets does not change while it runs, until `forgetTunings`.
std::shared_ptr<const KnownTunings> knownTunings(const std::string &gpu);
void forgetTunings();

/// What the parameters of a spec's kernel depend on.
TuningFeatures featuresOf(const Spec &spec, const std::string &kernel);

/// The nearest entry of each kernel that there are entries for, but for those that say to take the defaults.
Schedules nearestSchedules(const Spec &spec, const KnownTunings &known);

} // namespace lighthouse
