// SPDX-License-Identifier: Apache-2.0
//
// Tensor maps: what a GPU's TMA unit is told of a buffer.
#pragma once

#include "runtime/CudaDriver.h"
#include "runtime/LaunchPlan.h"

namespace lighthouse {

/// Fails for a driver older than CUDA 12.0, which can't encode them.
llvm::Error requireTensorMaps(const CudaDriver &driver);

/// Encodes a map of a verified plan over `buffer` at `address`, on the host alone. `strides` are the caller's, in
/// elements, and null for a row-major buffer; `length` is the number of rows of a varlen one, or 0 for those of its
/// shape. Fails where the driver refuses: for an address or a stride in bytes that
/// is no multiple of 16, or a stride of 2^40 bytes or more. Strides of dimensions of size 1 are not looked at.
llvm::Error encodeTensorMap(const CudaDriver &driver, const TensorMap &map, const Buffer &buffer, void *address,
                            const int64_t *strides, int64_t length, CUtensorMap &encoded);

} // namespace lighthouse
