// SPDX-License-Identifier: Apache-2.0
//
// Tuning for Python: results as tuples, parameters as dictionaries.

#include "lighthouse_ops/Tuning.h"
#include "python/bindings/bindings.h"

#include <pybind11/stl.h>

namespace py = pybind11;
using namespace py::literals;

namespace lighthouse::python {

namespace {

py::list listRejections(const std::vector<Rejection> &rejections) {
  py::list list;
  for (const Rejection &each : rejections)
    list.append(py::make_tuple(each.parameters, each.reason));
  return list;
}

/// (spec, gpu, database, [(kernel, defaults, best, default_microseconds, microseconds, tried, pruned, rejected), ...],
/// table)
py::tuple runTune(const Spec &spec, const std::string &device, std::vector<std::string> kernels, std::string database,
                  bool progress, bool deterministic) {
  const Tuning tuning = [&] {
    const py::gil_scoped_release release;
    return tune(spec, parseDevice(device),
                {std::move(kernels), std::move(database), progress, {.deterministic = deterministic}});
  }();
  py::list list;
  for (const KernelTuning &each : tuning.kernels)
    list.append(py::make_tuple(each.kernel, each.defaults, each.best, each.default_microseconds, each.microseconds,
                               each.tried, listRejections(each.pruned), listRejections(each.rejected)));
  return py::make_tuple(tuning.spec, tuning.gpu, tuning.database, list, tuning.str());
}

/// (arch, ((kernel, dtype, head_dim, group, length, levels, microseconds, moved_bytes, flops), ...)), the user's first
py::tuple entriesOf(const std::string &gpu) {
  const TuningRecord record = tuningRecord(gpu);
  py::list list;
  for (const TunedKernel &each : record.entries)
    list.append(py::make_tuple(each.kernel, each.dtype, each.head_dim, each.group, each.length, each.levels,
                               each.microseconds, each.moved_bytes, each.flops));
  return py::make_tuple(record.arch, py::tuple(list));
}

} // namespace

void bindTuning(py::module_ &module) {
  module.def("tune", &runTune, "spec"_a, "device"_a, "kernels"_a, "database"_a, "progress"_a, "deterministic"_a,
             "Tunes a spec: (spec, gpu, database, ((kernel, defaults, best, default_microseconds, microseconds, tried, "
             "pruned, rejected), ...), table).");
  module.def(
      "tuned_schedules",
      [](const Spec &spec, const std::string &device) { return tunedSchedules(spec, parseDevice(device)); }, "spec"_a,
      "device"_a = "cuda:0", "Parameters by kernel that the op of a spec takes from the tuning databases.");
  module.def("tuning_entries", &entriesOf, "gpu"_a,
             "What was measured on a model of GPU: (arch, ((kernel, dtype, head_dim, group, length, levels, "
             "microseconds, moved_bytes, flops), ...)).");
  module.def("tuned_gpus", &tunedGpus, "Models of GPU that the library carries a database of.");
}

} // namespace lighthouse::python
