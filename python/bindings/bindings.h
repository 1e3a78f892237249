// SPDX-License-Identifier: Apache-2.0
//
// Parts of the Python module lighthouse._lighthouse.
#pragma once

#include "lighthouse_ops/Op.h"

#include <pybind11/pybind11.h>

namespace lighthouse::python {

void bindSpec(pybind11::module_ &module);
void bindDevice(pybind11::module_ &module);
void bindOp(pybind11::module_ &module);
void bindCall(pybind11::module_ &module);
void bindVarlen(pybind11::module_ &module);
void bindTuning(pybind11::module_ &module);

/// The enumerator called "forward" or "backward"; throws InvalidArgument for others.
Direction parseDirection(const std::string &text);
/// "cpu", "cuda:0"; throws InvalidArgument for others.
Device parseDevice(const std::string &text);

/// (((name, dtype, shape, is_output, strided), ...), workspace_bytes)
pybind11::tuple toTuple(const Signature &signature);
/// References to tensors, by addresses and strides.
std::vector<TensorRef> toTensors(const pybind11::sequence &pointers, const pybind11::sequence &strides);

inline void *toPointer(uintptr_t address) {
  return reinterpret_cast<void *>(address); // NOLINT(performance-no-int-to-ptr)
}

} // namespace lighthouse::python
