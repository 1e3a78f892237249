// SPDX-License-Identifier: Apache-2.0
//
// What the attention schedules for sm_90a share.
#pragma once

#include "compiler/Cuda/Attend.h"

namespace lighthouse::cuda {

/// Sizes of a block's work: warpgroups that multiply, each with 64 rows, and the columns and stages of what they are
/// multiplied with.
struct HopperBlocks {
  int64_t groups, columns, stages;
  int64_t width; ///< head_dim rounded up to whole panels
  mlir::Attribute layout;

  /// Values worth trying.
  struct Candidates {
    llvm::ArrayRef<int64_t> groups = {}, columns = {}, stages = {};
  };
  HopperBlocks(KernelContext &context, const AttentionSizes &sizes, int64_t groups, int64_t columns, int64_t stages,
               const Candidates &candidates);
  /// Refuses sizes that products can't take. To be asked before any of the types below.
  mlir::LogicalResult check(lighthouse::KernelOp kernel) const;
  int64_t rows() const { return 64 * groups; }
  mlir::RankedTensorType tile(mlir::Type element, int64_t width) const {
    return tile::tileType({64, width}, element, layout);
  }
  mlir::RankedTensorType row(mlir::Type element) const { return tile::tileType({64}, element, tile::rowSlice(layout)); }
};

/// The largest head of 16-bit elements that these schedules take on an architecture; 0 where there are none.
inline int64_t hopperHeadDim(llvm::StringRef arch) { return arch == "sm_90a" ? 128 : 0; }

/// How many of all heads are worked on at once, so that what they read again and again (`bytesOfHead`) fits
/// `cacheBytes`: a divisor of their number.
int64_t headsOfSection(int64_t heads, int64_t bytesOfHead, int64_t cacheBytes);

} // namespace lighthouse::cuda
