// SPDX-License-Identifier: Apache-2.0
//
// VarlenOp for Python: documents as tuples, and run on addresses.

#include "lighthouse_ops/VarlenOp.h"
#include "python/bindings/bindings.h"

#include <pybind11/stl.h>

namespace py = pybind11;
using namespace py::literals;

namespace lighthouse::python {

namespace {

/// The binding's holder; pybind11 wants it without const.
std::shared_ptr<VarlenOp> getVarlenOp(const Spec &spec, const std::vector<int64_t> &cuSeqlens,
                                      const std::string &device, bool deterministic,
                                      const std::vector<int64_t> &leftOut) {
  return std::const_pointer_cast<VarlenOp>(
      VarlenOp::get(spec, cuSeqlens, parseDevice(device), {.deterministic = deterministic}, leftOut));
}

/// ((begin, length, op), ...)
py::tuple documents(const VarlenOp &op) {
  py::tuple result(op.documents().size());
  for (size_t i = 0; i < op.documents().size(); ++i) {
    const Document &document = op.documents()[i];
    result[i] = py::make_tuple(document.begin, document.length, std::const_pointer_cast<Op>(document.op));
  }
  return result;
}

void run(const VarlenOp &op, const std::string &direction, const py::sequence &pointers, const py::sequence &strides,
         uintptr_t workspace, int numThreads, uintptr_t stream) {
  const std::vector<TensorRef> tensors = toTensors(pointers, strides);
  const Direction parsed = parseDirection(direction);
  const py::gil_scoped_release release;
  op.run(parsed, tensors, toPointer(workspace), {.num_threads = numThreads, .stream = toPointer(stream)});
}

} // namespace

void bindVarlen(py::module_ &module) {
  py::class_<VarlenOp, std::shared_ptr<VarlenOp>>(module, "VarlenOp", "Attention over packed documents.")
      .def_property_readonly("reads_tokens", &VarlenOp::readsTokens)
      .def("documents", &documents, "((begin, length, op), ...) of the documents that have tokens.")
      .def(
          "signature",
          [](const VarlenOp &op, const std::string &direction) {
            return toTuple(op.signature(parseDirection(direction)));
          },
          "direction"_a, "(((name, dtype, shape, is_output, strided), ...), workspace_bytes), inputs first.")
      .def("run", &run, "direction"_a, "pointers"_a, "strides"_a, "workspace"_a, "num_threads"_a = 0, "stream"_a = 0,
           "Runs on addresses, in the order of the signature; strides are in elements.");
  module.def("get_varlen_op", &getVarlenOp, "spec"_a, "cu_seqlens"_a, "device"_a = "cpu", "deterministic"_a = false,
             "left_out"_a = std::vector<int64_t>(), py::call_guard<py::gil_scoped_release>(),
             "The ops of packed documents: seq_len is the number of all tokens, and documents whose numbers are in "
             "left_out are left alone. As get_op otherwise.");
}

} // namespace lighthouse::python
