// SPDX-License-Identifier: Apache-2.0
//
// Call for Python: a function of an op with everything fixed but the addresses of its memory, so that a warm call
// passes a few integers.

#include "lighthouse_ops/Op.h"
#include "python/bindings/bindings.h"

#include <pybind11/stl.h>

namespace py = pybind11;
using namespace py::literals;

namespace lighthouse::python {

namespace {

/// Where a tensor lies: in which of the call's memories, how many bytes in, and its strides.
using Place = std::tuple<size_t, int64_t, std::vector<int64_t>>;

class Call {
public:
  Call(std::shared_ptr<Op> op, const std::string &direction, const std::vector<Place> &places)
      : op(std::move(op)), direction(parseDirection(direction)) {
    for (const auto &[memory, offset, strides] : places) {
      Bound &bound = arguments.emplace_back(Bound{memory, offset, {}});
      if (strides.size() > bound.strides.size())
        throw InvalidArgument("strides: expects at most 4 for each tensor, but got " + std::to_string(strides.size()));
      std::copy(strides.begin(), strides.end(), bound.strides.begin());
      numMemories = std::max(numMemories, memory + 1);
    }
  }

  /// `addresses`: of the memories, then of the workspace.
  void run(const py::list &addresses, int numThreads, uintptr_t stream) const {
    if (addresses.size() != numMemories + 1)
      throw InvalidArgument("addresses: expects " + std::to_string(numMemories + 1) + ", but got " +
                            std::to_string(addresses.size()));
    std::vector<TensorRef> tensors;
    tensors.reserve(arguments.size());
    for (const Bound &bound : arguments)
      tensors.push_back({toPointer(addresses[bound.memory].cast<uintptr_t>() + bound.offset), bound.strides});
    void *workspace = toPointer(addresses[numMemories].cast<uintptr_t>());
    const py::gil_scoped_release release;
    op->run(direction, tensors, workspace, {.num_threads = numThreads, .stream = toPointer(stream)});
  }

private:
  struct Bound {
    size_t memory;
    int64_t offset;
    std::array<int64_t, 4> strides;
  };

  std::shared_ptr<Op> op;
  Direction direction;
  size_t numMemories = 0;
  std::vector<Bound> arguments;
};

} // namespace

void bindCall(py::module_ &module) {
  py::class_<Call>(module, "Call", "A function of an op with all but the addresses of its memory fixed.")
      .def(py::init<std::shared_ptr<Op>, const std::string &, const std::vector<Place> &>(), "op"_a, "direction"_a,
           "places"_a,
           "places: for each argument the number of its memory, an offset in bytes, and its strides in elements.")
      .def("__call__", &Call::run, "addresses"_a, "num_threads"_a = 0, "stream"_a = 0,
           "addresses: of the memories, then of the workspace.");
}

} // namespace lighthouse::python
