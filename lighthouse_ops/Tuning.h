// SPDX-License-Identifier: Apache-2.0
//
// Tuning: finds the fastest parameters of kernels on the GPU at hand, and keeps them in a database.
#pragma once

#include "lighthouse_ops/Device.h"
#include "lighthouse_ops/Op.h"
#include "lighthouse_ops/Schedules.h"
#include "lighthouse_ops/Spec.h"

#include <string>
#include <vector>

namespace lighthouse {

/// Parameters that are not taken, and why.
struct LIGHTHOUSE_API Rejection {
  Parameters parameters;
  std::string reason;
};

/// What the search found for one kernel.
struct LIGHTHOUSE_API KernelTuning {
  std::string kernel; ///< "forward_attend"
  Parameters defaults;
  Parameters best; ///< the defaults where nothing is faster by more than 1%
  double default_microseconds = 0;
  double microseconds = 0;         ///< of the best
  int tried = 0;                   ///< candidates that ran with right results
  std::vector<Rejection> pruned;   ///< that the compiler or the GPU's resources rule out
  std::vector<Rejection> rejected; ///< that spill, wait for each product, fail, or give other results
};

struct LIGHTHOUSE_API Tuning {
  std::string spec;     ///< Spec::str
  std::string gpu;      ///< "NVIDIA H100 80GB HBM3"
  std::string database; ///< the file that has the results now; empty when they are not kept
  std::vector<KernelTuning> kernels;

  /// A table, a line a kernel, and what was rejected why.
  std::string str() const;
};

/// Thrown where a candidate took the GPU's context down, or does not end: this process cannot use the GPU any more. The
/// candidate is recorded in the database, if there is one, and left out from then on.
class LIGHTHOUSE_API ContextLost : public DeviceError {
public:
  ContextLost(const std::string &text, bool is_recorded) : DeviceError(text), is_recorded(is_recorded) {}
  const bool is_recorded;
};

struct LIGHTHOUSE_API TuneOptions {
  std::vector<std::string> kernels = {}; ///< to search; empty for all of the spec
  std::string database = {};             ///< file to keep the results in; empty for the user's, beside the cache
  bool shows_progress = false;           ///< on stderr
  CompileOptions compile = {};           ///< of the op whose kernels these are
};

/// Searches the parameters of a spec's kernels on a GPU: each candidate is compiled, run on random numbers, compared
/// with the default's results and timed. The results go into the database, an entry a kernel as soon as it is known;
/// `Op::get` takes them from there. Uses as much device memory as the spec's tensors, workspace, and twice the L2 cache
/// take. Throws InvalidArgument for the CPU, a kernel that the spec lacks, the database of another model of GPU, or
/// op=scatter, whose kernels `attention` has too; DeviceError where the GPU fails, and ContextLost.
LIGHTHOUSE_API Tuning tune(const Spec &spec, Device device = Device::cuda(), const TuneOptions &options = {});

/// The parameters that `Op::get` takes for a spec on a GPU without tuning anything: of each kernel the nearest entry of
/// the user's and the library's databases.
LIGHTHOUSE_API Schedules tunedSchedules(const Spec &spec, Device device = Device::cuda());

/// An entry of the databases.
struct LIGHTHOUSE_API TunedKernel {
  std::string kernel, dtype;
  int64_t head_dim = 0, group = 1, length = 0, levels = 1;
  Parameters parameters; ///< empty: the defaults
  double microseconds = 0, default_microseconds = 0;
  int64_t moved_bytes = 0; ///< of the timed launch, as in LaunchInfo; 0 where not known
  double flops = 0;        ///< the same
  bool is_shipped = false; ///< of the library's database, not the user's
};

/// What is known of a model of GPU.
struct LIGHTHOUSE_API TuningRecord {
  std::string file; ///< the user's database, whether it exists or not; empty when the cache is off
  std::string arch; ///< "sm_90a"; empty where no entry tells
  std::vector<TunedKernel> entries;
};
LIGHTHOUSE_API TuningRecord tuningRecord(const std::string &gpu);
/// The models of GPU that the library carries a database of.
LIGHTHOUSE_API std::vector<std::string> tunedGpus();

} // namespace lighthouse
