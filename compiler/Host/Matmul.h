// SPDX-License-Identifier: Apache-2.0
//
// Register-tiled products of float32 blocks, and the block staging around them: what attention is made of.
#pragma once

#include "compiler/Host/Emitter.h"

namespace lighthouse::host {

/// C[m][n] = init + sum_k A(m, k) B[k][n], for m < rows, n < columns, k < depth. A is read as single elements,
/// broadcast over a vector of n; B and C as vectors along n.
struct Product {
  Index rows;      ///< of C; any value, known at run time or not
  int64_t columns; ///< of C; a multiple of 8
  Index depth;
  llvm::function_ref<mlir::Value(mlir::Value m, mlir::Value k)> a = nullptr; ///< f32
  llvm::function_ref<mlir::Value(mlir::Value k, Chunk n)> b = nullptr;       ///< vector of n.width
  llvm::function_ref<mlir::Value(mlir::Value m, Chunk n)> init = nullptr;    ///< vector of n.width; null means zero
  llvm::function_ref<void(mlir::Value m, Chunk n, mlir::Value product)> finish =
      nullptr; ///< takes each vector of C once
};

/// Emits loops over register tiles, the reduction innermost.
void emitProduct(Emitter &e, const Product &product);

/// Rows of a register tile for `vectors` vectors of columns: as many accumulators as the registers hold, a divisor
/// of 24.
int64_t tileRows(const Machine &machine, int64_t vectors);

/// Vectors of columns in a tile of lanes-wide columns (queries or keys on the lanes).
inline constexpr int64_t kLaneVectors = 3;

/// 2^x for float32 vectors, x <= 0 or so: within 2 ulp, exactly 0 below -126 (minus infinity included). Source: the
/// minimax polynomial of degree 6 for |x| <= 1/2 of Cephes' exp2f, exponent added as an integer.
mlir::Value emitExp2(Emitter &e, mlir::Value x);

/// Copies rows first .. first+count-1 of [at..., row, :] to f32 scratch [row][:], rows past `last` repeating it.
void stageRows(Emitter &e, mlir::Value from, llvm::ArrayRef<Index> at, Index first, Index count, Index last,
               mlir::Value to);
/// The same, transposed: scratch [:][row], times `factor`.
void stageRowsTransposed(Emitter &e, mlir::Value from, llvm::ArrayRef<Index> at, Index first, Index count, Index last,
                         mlir::Value to, double factor);

} // namespace lighthouse::host
