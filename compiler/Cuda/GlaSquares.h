// SPDX-License-Identifier: Apache-2.0
//
// What the schedules of gated linear attention's scores share: which rows a block of threads has, and their gates.
#pragma once

#include "compiler/Cuda/Attend.h"

namespace lighthouse::cuda {

/// A block of threads has a residue class of a head, one way (q, k, v) or (k, q, v), and a part of the values' columns,
/// and goes through the class in blocks of `tokens`.
class GlaPlace {
public:
  GlaPlace(KernelContext &context, GlaSquaresOp op, int64_t tokens);

  /// Blocks of threads; those that read the same rows are neighbours.
  int64_t grid() const { return sizes.batch * sizes.heads * dilation * parts * 2; }
  /// Finds this block's place. To be called first.
  void find();
  /// Blocks of tokens.
  mlir::Value blocksOfClass();
  /// Token number `i` (or a tile of numbers) of a block.
  mlir::Value token(mlir::Value run, Operand i);
  /// Starts copying a block: tiles q, k, v and gates. What lies behind the last token is zero: it adds nothing, and its
  /// gates change nothing.
  void copy(llvm::ArrayRef<mlir::Value> tiles, mlir::Value run);
  /// Of q and k the one that asks and the one that is remembered.
  std::pair<mlir::Value, mlir::Value> asked(llvm::ArrayRef<mlir::Value> tiles);
  /// Sums of the gates up to each token of a block, a value a row, in powers of two. `gates`: a column each of
  /// `square`.
  mlir::Value sumGates(mlir::Value gates, mlir::RankedTensorType square);
  /// The squares of a block's outputs. `row`: of which numbers are made.
  void store(mlir::Value os, mlir::Value run, mlir::RankedTensorType row);

protected:
  KernelContext &c;
  TileBuilder &t;
  GlaSquaresOp op;
  AttentionSizes sizes;
  const Operand length; ///< tokens
  const int64_t tokens, dilation, parts;
  mlir::Type f32;
  mlir::Value batch, head, kvHead, residue, part, way; ///< way: 0 of (q, k, v), 1 of (k, q, v)
};

/// Whether there is a schedule for sm_90a of this op.
bool hasHopperGlaSquares(GlaSquaresOp op, llvm::StringRef arch);

} // namespace lighthouse::cuda
