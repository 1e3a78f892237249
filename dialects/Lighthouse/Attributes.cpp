// SPDX-License-Identifier: Apache-2.0
//
// The pyramid encoding: its rules and its arithmetic.
#include "dialects/Lighthouse/Lighthouse.h"

using namespace mlir;

namespace lighthouse {

int64_t PyramidAttr::windowLength(int64_t level) const {
  int64_t length = 1;
  for (int64_t l = 0; l < level; ++l)
    length *= getPoolingFactor();
  return length;
}

int64_t PyramidAttr::numWindows(int64_t level) const { return getPaddedLen() / windowLength(level); }

int64_t PyramidAttr::levelBegin(int64_t level) const {
  int64_t begin = 0;
  for (int64_t l = 0; l < level; ++l)
    begin += numWindows(l);
  return begin;
}

int64_t PyramidAttr::numSelected(int64_t topk) const {
  return numWindows(getNumLevels() - 1) + (getNumLevels() - 1) * getPoolingFactor() * topk;
}

LogicalResult PyramidAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t seqLen, int64_t paddedLen,
                                  int64_t numLevels, int64_t poolingFactor) {
  if (seqLen < 1)
    return emitError() << "expects seq_len of at least 1, but got " << seqLen;
  if (numLevels < 1 || numLevels > kMaxLevels)
    return emitError() << "expects num_levels from 1 to " << kMaxLevels << ", but got " << numLevels;
  if (poolingFactor < 2 || poolingFactor > kMaxPoolingFactor || !llvm::isPowerOf2_64(poolingFactor))
    return emitError() << "expects pooling_factor to be a power of two from 2 to " << kMaxPoolingFactor << ", but got "
                       << poolingFactor;
  int64_t coarsest = 1;
  for (int64_t l = 1; l < numLevels; ++l)
    coarsest *= poolingFactor;
  if (paddedLen < seqLen || paddedLen % coarsest != 0)
    return emitError() << "expects padded_len to be at least seq_len " << seqLen
                       << " and a multiple of the coarsest window " << coarsest << ", but got " << paddedLen;
  // Selections number entries in i32.
  int64_t entries = 0;
  for (int64_t windows = paddedLen, l = 0; l < numLevels && entries <= kMaxEntries; ++l, windows /= poolingFactor)
    entries += windows;
  if (entries > kMaxEntries)
    return emitError() << "expects at most " << kMaxEntries << " entries, but got a padded_len of " << paddedLen;
  return success();
}

} // namespace lighthouse
