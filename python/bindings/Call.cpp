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

/// A multiple of what the workspace needs, and of every element type.
constexpr uintptr_t kBlockAlignment = 64;

class Call {
public:
  Call(std::shared_ptr<Op> op, const std::string &direction, const std::vector<Place> &places, size_t numTensors)
      : op(std::move(op)), direction(parseDirection(direction)), numTensors(numTensors) {
    for (const auto &[memory, offset, strides] : places) {
      Bound &bound = arguments.emplace_back(Bound{memory, offset, {}});
      if (strides.size() > bound.strides.size())
        throw InvalidArgument("strides: expects at most 4 for each tensor, but got " + std::to_string(strides.size()));
      std::copy(strides.begin(), strides.end(), bound.strides.begin());
      numMemories = std::max(numMemories, memory + 1);
    }
  }

  /// `addresses`: of the tensors, then of the blocks, the last of which is the workspace.
  void run(const py::list &addresses, int numThreads, uintptr_t stream) const {
    if (addresses.size() < numMemories || addresses.empty())
      throw InvalidArgument("addresses: expects at least " + std::to_string(std::max<size_t>(numMemories, 1)) +
                            ", but got " + std::to_string(addresses.size()));
    std::vector<uintptr_t> memories(addresses.size());
    for (size_t i = 0; i < memories.size(); ++i) {
      memories[i] = addresses[i].cast<uintptr_t>();
      if (i >= numTensors)
        memories[i] = (memories[i] + kBlockAlignment - 1) / kBlockAlignment * kBlockAlignment;
    }
    std::vector<TensorRef> tensors;
    tensors.reserve(arguments.size());
    for (const Bound &bound : arguments)
      tensors.push_back({toPointer(memories[bound.memory] + bound.offset), bound.strides});
    const py::gil_scoped_release release;
    op->run(direction, tensors, toPointer(memories.back()), {.num_threads = numThreads, .stream = toPointer(stream)});
  }

private:
  struct Bound {
    size_t memory;
    int64_t offset;
    std::array<int64_t, 4> strides;
  };

  std::shared_ptr<Op> op;
  Direction direction;
  size_t numTensors;
  size_t numMemories = 0;
  std::vector<Bound> arguments;
};

} // namespace

void bindCall(py::module_ &module) {
  py::class_<Call>(module, "Call", "A function of an op with all but the addresses of its memory fixed.")
      .def(py::init<std::shared_ptr<Op>, const std::string &, const std::vector<Place> &, size_t>(), "op"_a,
           "direction"_a, "places"_a, "num_tensors"_a,
           "places: for each argument the number of its memory, an offset in bytes, and its strides in elements.")
      .def("__call__", &Call::run, "addresses"_a, "num_threads"_a = 0, "stream"_a = 0,
           "addresses: of num_tensors tensors, then of blocks, which are rounded up to 64 bytes; the last is the "
           "workspace.");
}

} // namespace lighthouse::python
