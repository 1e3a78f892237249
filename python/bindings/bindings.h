// SPDX-License-Identifier: Apache-2.0
//
// Parts of the Python module lighthouse._lighthouse.
#pragma once

#include <pybind11/pybind11.h>

namespace lighthouse::python {

void bindSpec(pybind11::module_ &module);
void bindOp(pybind11::module_ &module);

} // namespace lighthouse::python
