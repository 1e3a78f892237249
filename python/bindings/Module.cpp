// SPDX-License-Identifier: Apache-2.0
//
// The Python module lighthouse._lighthouse. pybind11 turns std::invalid_argument (InvalidArgument) into ValueError and
// std::runtime_error (CompileError, DeviceError) into RuntimeError.

#include "python/bindings/bindings.h"

PYBIND11_MODULE(_lighthouse, module) {
  module.doc() = "Thin binding of liblighthouse; use the package lighthouse.";
  lighthouse::python::bindSpec(module);
  lighthouse::python::bindDevice(module);
  lighthouse::python::bindOp(module);
  lighthouse::python::bindCall(module);
  lighthouse::python::bindVarlen(module);
  lighthouse::python::bindTuning(module);
}
