// SPDX-License-Identifier: Apache-2.0
//
// TuningDatabase: the fastest parameters that were found for kernels on one model of GPU.
#pragma once

#include "lighthouse_ops/Schedules.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <optional>
#include <vector>

namespace lighthouse {

/// What a kernel's fastest parameters depend on.
struct TuningFeatures {
  std::string kernel; ///< "forward_attend"
  std::string dtype;  ///< "bfloat16"
  int64_t head_dim = 0;
  int64_t group = 1;  ///< query heads for one key head
  int64_t length = 0; ///< rows of the sub-sequence for attention's kernels, else tokens
  int64_t levels = 1;

  bool operator==(const TuningFeatures &) const = default;
};

/// How little an entry for `a` says of `b`: |log2 of the lengths' ratio| + |log2 of the groups' ratio| + |difference of
/// levels|. Nothing where kernel, dtype or head_dim differ: such an entry says nothing.
std::optional<double> distance(const TuningFeatures &a, const TuningFeatures &b);

struct TuningEntry {
  TuningFeatures features;
  Parameters parameters; ///< empty where nothing was faster than the defaults
  double microseconds = 0;
  double default_microseconds = 0;
  /// What the timed launch cost by its plan (`Launch::moved_bytes`, `Launch::flops`), which makes a rate of a time. 0:
  /// not known, as in databases of before.
  int64_t moved_bytes = 0;
  double flops = 0;
};

/// Parameters that took the GPU's context, and with it the process, down. They are not tried again.
struct TuningCrash {
  TuningFeatures features;
  Parameters parameters;
  std::string reason;
};

class TuningDatabase {
public:
  /// That of a file; empty where there is none. A damaged one is reported, once a process, and counts as empty.
  static TuningDatabase load(const std::string &file);
  /// That which the library carries for a model of GPU ("NVIDIA H200"); empty for others.
  static TuningDatabase shipped(llvm::StringRef gpu);
  /// Of the text of a file: JSON. Fails with the place and the rule.
  static llvm::Expected<TuningDatabase> parse(llvm::StringRef text);

  std::string text() const;
  /// Replaces the file in one step, so that readers see the old one or the new one.
  std::error_code publish(const std::string &file) const;

  /// The entry for exactly these features, or null.
  const TuningEntry *find(const TuningFeatures &features) const;
  /// Adds an entry, in place of an older one for the same features.
  void put(TuningEntry entry);

  std::string gpu;  ///< the model that it is of
  std::string arch; ///< its architecture, "sm_90a"; empty where not known, as in databases of before
  std::vector<TuningEntry> entries;
  std::vector<TuningCrash> crashes;
};

/// The models of GPU that the library carries a database of.
std::vector<std::string> shippedTuningGpus();
/// The text of each database that the library carries (runtime/tuning/*.json).
llvm::ArrayRef<llvm::StringRef> shippedTuningTexts();

/// The user's database of a model of GPU in a folder: "tuning-NVIDIA-H200.json".
std::string tuningFile(llvm::StringRef folder, llvm::StringRef gpu);

/// Holds on to a database while something is tuned: timings are disturbed by others, and who waited finds the results.
/// Another process, or a thread, waits as long as it takes; the lock of a process that ends is free.
class TuningLock {
public:
  /// Fails where the folder can't be written or its file system has no locks.
  static llvm::Expected<TuningLock> acquire(const std::string &file);
  ~TuningLock();
  TuningLock(TuningLock &&other) noexcept : descriptor(std::exchange(other.descriptor, -1)) {}
  TuningLock &operator=(TuningLock &&) = delete;

private:
  explicit TuningLock(int descriptor) : descriptor(descriptor) {}
  int descriptor;
};

} // namespace lighthouse
