// SPDX-License-Identifier: Apache-2.0
//
// Tensor maps: see TensorMap.h.
#include "runtime/TensorMap.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace lighthouse {

Error requireTensorMaps(const CudaDriver &driver) {
  if (driver.cuTensorMapEncodeTiled)
    return Error::success();
  return createStringError("expects an NVIDIA driver of at least 525 (CUDA 12.0), which encodes tensor maps, but got "
                           "one of CUDA " +
                           formatCudaVersion(driver.version()));
}

static int dataType(StringRef dtype) {
  return StringSwitch<int>(dtype)
      .Case("float16", kMapFloat16)
      .Case("float32", kMapFloat32)
      .Case("bfloat16", kMapBFloat16);
}

static int swizzleMode(int64_t bytes) {
  return bytes == 128 ? kMapSwizzle128 : bytes == 64 ? kMapSwizzle64 : bytes == 32 ? kMapSwizzle32 : kMapSwizzleNone;
}

namespace {

/// Sizes and byte strides with the last dimension first; that one's stride is left out.
struct Layout {
  uint64_t sizes[kMaxRank] = {};
  uint64_t strides[kMaxRank] = {};
};

} // namespace

static Layout layoutOf(const Buffer &buffer, const int64_t *strides) {
  size_t rank = buffer.shape.size();
  int64_t bytes = elementBytes(buffer.dtype), row_major = bytes;
  Layout layout;
  for (size_t dim = rank; dim-- > 0; row_major *= buffer.shape[dim]) {
    layout.sizes[rank - 1 - dim] = buffer.shape[dim];
    if (dim + 1 == rank)
      continue;
    // Nothing steps over a dimension of size 1, whose stride may be anything; the driver wants one that could be.
    int64_t stride = strides && buffer.shape[dim] > 1 ? strides[dim] * bytes : alignTo(row_major, 16);
    layout.strides[rank - 2 - dim] = stride;
  }
  return layout;
}

Error encodeTensorMap(const CudaDriver &driver, const TensorMap &map, const Buffer &buffer, void *address,
                      const int64_t *strides, int64_t length, CUtensorMap &encoded) {
  Layout layout = layoutOf(buffer, strides);
  size_t rank = buffer.shape.size();
  if (buffer.varlen && length > 0)
    layout.sizes[rank - 1 - kRowDim] = length;
  if (map.flat) {
    layout.sizes[0] = elementCount(buffer);
    rank = 1;
  }
  uint32_t box[kMaxRank] = {static_cast<uint32_t>(map.box_columns), static_cast<uint32_t>(map.box_rows), 1, 1};
  constexpr uint32_t every_element[kMaxRank] = {1, 1, 1, 1};
  CUresult result = driver.cuTensorMapEncodeTiled(&encoded, dataType(buffer.dtype), rank, address, layout.sizes,
                                                  layout.strides, box, every_element, kMapInterleaveNone,
                                                  swizzleMode(map.swizzle), kMapPromotion128, kMapFillZero);
  if (result == kCudaSuccess)
    return Error::success();
  ArrayRef<uint64_t> given = ArrayRef(layout.strides).take_front(rank - 1);
  return driver.check(result,
                      formatv("tensor map of '{0}' at {1:x}, last dimension first with strides of {2:$[, ]} bytes: "
                              "cuTensorMapEncodeTiled",
                              buffer.name, reinterpret_cast<uintptr_t>(address), make_range(given.begin(), given.end()))
                          .str());
}

} // namespace lighthouse
