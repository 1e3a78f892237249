// SPDX-License-Identifier: Apache-2.0
//
// Op for Python: signatures as tuples, and run on addresses, which leaves the tensor library to the caller.

#include "lighthouse_ops/Op.h"
#include "python/bindings/bindings.h"
#include "python/bindings/names.h"

#include <pybind11/stl.h>

namespace py = pybind11;
using namespace py::literals;

namespace lighthouse::python {

namespace {

const Name<Direction> directions[] = {{"forward", Direction::Forward}, {"backward", Direction::Backward}};
const Name<EmitStage> stages[] = {
    {"stages", EmitStage::Stages}, {"fused", EmitStage::Fused},  {"loops", EmitStage::Loops},
    {"llvm", EmitStage::LLVM},     {"asm", EmitStage::Assembly}, {"tile", EmitStage::Tile},
    {"nvvm", EmitStage::NVVM},     {"ptx", EmitStage::PTX},      {"sass", EmitStage::SASS},
};

const char *originName(Origin origin) {
  switch (origin) {
  case Origin::Memory:
    return "memory";
  case Origin::Disk:
    return "disk";
  case Origin::Compiled:
    return "compiled";
  }
  return "";
}

py::tuple signature(const Op &op, const std::string &direction) {
  return toTuple(op.signature(parseDirection(direction)));
}

/// ((kernel, items, threads, moved_bytes, flops), ...)
py::tuple toTuple(const std::vector<LaunchInfo> &launches) {
  py::tuple result(launches.size());
  for (size_t i = 0; i < launches.size(); ++i) {
    const LaunchInfo &launch = launches[i];
    result[i] = py::make_tuple(launch.kernel, launch.items, launch.threads, launch.moved_bytes, launch.flops);
  }
  return result;
}

py::tuple launches(const Op &op, const std::string &direction) {
  return toTuple(op.launches(parseDirection(direction)));
}

py::tuple bothSignatures(const Spec &spec, const std::string &device, bool deterministic) {
  const Signatures both = [&] {
    const py::gil_scoped_release release;
    return signatures(spec, parseDevice(device), {.deterministic = deterministic});
  }();
  return py::make_tuple(python::toTuple(both.forward), python::toTuple(both.backward));
}

py::tuple costs(const Spec &spec, const std::string &arch) {
  const LaunchCosts costs = launchCosts(spec, arch);
  return py::make_tuple(toTuple(costs.forward), toTuple(costs.backward));
}

TensorRef makeTensor(py::handle pointer, py::handle strides) {
  TensorRef tensor;
  tensor.data = toPointer(pointer.cast<uintptr_t>());
  const auto values = py::reinterpret_borrow<py::sequence>(strides);
  if (values.size() > tensor.strides.size())
    throw InvalidArgument("strides: expects at most 4 for each tensor, but got " + std::to_string(values.size()));
  for (size_t i = 0; i < values.size(); ++i)
    tensor.strides[i] = values[i].cast<int64_t>();
  return tensor;
}

void run(const Op &op, const std::string &direction, const py::sequence &pointers, const py::sequence &strides,
         uintptr_t workspace, int numThreads, uintptr_t stream, int64_t firstLaunch, int64_t endLaunch) {
  const std::vector<TensorRef> tensors = toTensors(pointers, strides);
  const Direction parsed = parseDirection(direction);
  const py::gil_scoped_release release;
  op.run(
      parsed, tensors, toPointer(workspace),
      {.num_threads = numThreads, .stream = toPointer(stream), .first_launch = firstLaunch, .end_launch = endLaunch});
}

/// The binding's holder; pybind11 wants it without const.
std::shared_ptr<Op> getOp(const Spec &spec, const std::string &device, bool deterministic) {
  return std::const_pointer_cast<Op>(Op::get(spec, parseDevice(device), {.deterministic = deterministic}));
}

std::string emitText(const Spec &spec, const std::string &stage, const std::string &kernel, const std::string &arch,
                     const Schedules &schedules) {
  const EmitStage parsed = parse<EmitStage>("stage", stage, stages);
  const py::gil_scoped_release release;
  return emit(spec, parsed, kernel, arch, schedules);
}

int runTool(std::vector<std::string> arguments) {
  std::vector<char *> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string &argument : arguments)
    argv.push_back(argument.data());
  argv.push_back(nullptr);
  const py::gil_scoped_release release;
  return lighthouse_main(static_cast<int>(arguments.size()), argv.data());
}

} // namespace

py::tuple toTuple(const Signature &signature) {
  py::tuple arguments(signature.arguments.size());
  for (size_t i = 0; i < signature.arguments.size(); ++i) {
    const Argument &argument = signature.arguments[i];
    arguments[i] = py::make_tuple(argument.name, argument.dtype, py::tuple(py::cast(argument.shape)),
                                  argument.is_output, argument.strided);
  }
  return py::make_tuple(std::move(arguments), signature.workspace_bytes);
}

std::vector<TensorRef> toTensors(const py::sequence &pointers, const py::sequence &strides) {
  if (pointers.size() != strides.size())
    throw InvalidArgument("strides: expects one entry for each of the " + std::to_string(pointers.size()) +
                          " pointers, but got " + std::to_string(strides.size()));
  std::vector<TensorRef> tensors;
  tensors.reserve(pointers.size());
  for (size_t i = 0; i < pointers.size(); ++i)
    tensors.push_back(makeTensor(pointers[i], strides[i]));
  return tensors;
}

Direction parseDirection(const std::string &text) { return parse<Direction>("direction", text, directions); }

void bindOp(py::module_ &module) {
  py::class_<Op, std::shared_ptr<Op>>(module, "Op", "A spec compiled for a device.")
      .def_property_readonly("spec", [](const Op &op) { return op.spec(); })
      .def_property_readonly("device", [](const Op &op) { return op.device().str(); })
      .def_property_readonly("origin", [](const Op &op) { return originName(op.origin()); })
      .def("signature", &signature, "direction"_a,
           "(((name, dtype, shape, is_output, strided), ...), workspace_bytes), inputs first.")
      .def("launches", &launches, "direction"_a,
           "((kernel, items, threads, moved_bytes, flops), ...), in order; what a launch costs by its stages.")
      .def("run", &run, "direction"_a, "pointers"_a, "strides"_a, "workspace"_a, "num_threads"_a = 0, "stream"_a = 0,
           "first_launch"_a = 0, "end_launch"_a = -1,
           "Runs on addresses, in the order of the signature; strides are in elements. The launches from first_launch "
           "up to end_launch, all by default, when those before have run on the same memory.");
  module.def(
      "get_op", &getOp, "spec"_a, "device"_a = "cpu", "deterministic"_a = false,
      py::call_guard<py::gil_scoped_release>(),
      "The op of a spec: from this process, from the disk cache, or compiled now. deterministic: every run gives "
      "the same bits; otherwise gradients may vary by rounding where that is faster.");
  module.def("signatures", &bothSignatures, "spec"_a, "device"_a = "cpu", "deterministic"_a = false,
             "What forward and backward of an op take, without compiling it, each as Op.signature gives it.");
  module.def("emit", &emitText, "spec"_a, "stage"_a, "kernel"_a = "", "arch"_a = "", "schedules"_a = Schedules(),
             "The text of a spec's code at a stage: stages, fused, loops, llvm or asm; for a GPU architecture stages, "
             "fused, tile, nvvm, llvm, ptx or sass. schedules: parameters by kernel, of a GPU's.");
  module.def("launch_costs", &costs, "spec"_a, "arch"_a,
             "Of a spec's launches on a GPU architecture, forward and backward: (kernel, 0, 0, moved_bytes, flops).");
  module.def("clear_memory_cache", &clearMemoryCache, "Drops every op held by this process.");
  module.def("version", &version);
  module.def("main", &runTool, "argv"_a, "Runs the command line tool; argv[0] is its name. Returns the exit status.");
}

} // namespace lighthouse::python
