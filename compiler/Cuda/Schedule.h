// SPDX-License-Identifier: Apache-2.0
//
// A schedule turns one fused kernel of stages into a tile program.
#pragma once

#include "compiler/Cuda/TileBuilder.h"

#include <map>
#include <string>

namespace lighthouse::cuda {

/// A parameter of a schedule: the value in force, and those worth trying.
struct Parameter {
  int64_t value = 0;
  llvm::SmallVector<int64_t> candidates;
};

/// A kernel being scheduled: its stages, and the view of every tensor it reads or writes.
struct KernelContext {
  lighthouse::KernelOp kernel;
  TileBuilder &t;
  llvm::DenseMap<mlir::Value, mlir::Value> views; ///< a region argument or yielded value (or its `coarse`) to its view
  std::map<std::string, Parameter> parameters;    ///< that the schedule asked for

  /// The only op of that kind in the region, or null.
  template <typename Op> Op find() {
    auto ops = kernel.getBody().getOps<Op>();
    return ops.empty() ? Op() : *ops.begin();
  }
  /// The view of a tensor that the kernel reads or writes; null for what stays inside.
  mlir::Value view(mlir::Value tensor) const { return views.lookup(tensor); }
  /// The view of the coarse levels of a pyramid made in this kernel; null when none leaves it.
  mlir::Value coarseView(mlir::Value pyramid) const;
  /// A parameter of the schedule: from the kernel's attribute `schedule`, else the default. The tuner tries the
  /// candidates in place of it; without any it is left alone.
  int64_t parameter(llvm::StringRef name, int64_t absent, llvm::ArrayRef<int64_t> candidates = {});
};

/// What a launch needs.
struct Grid {
  int64_t blocks, threads, min_blocks = 1;
};

using Schedule = mlir::FailureOr<Grid> (*)(KernelContext &);

mlir::FailureOr<Grid> schedulePoolScore(KernelContext &context);
mlir::FailureOr<Grid> scheduleSelect(KernelContext &context);
mlir::FailureOr<Grid> scheduleInvert(KernelContext &context);
mlir::FailureOr<Grid> scheduleDilate(KernelContext &context);
mlir::FailureOr<Grid> scheduleMaxPool(KernelContext &context);
mlir::FailureOr<Grid> scheduleGlaSquares(KernelContext &context);
mlir::FailureOr<Grid> scheduleHopperGlaSquares(KernelContext &context);
mlir::FailureOr<Grid> schedulePartNorms(KernelContext &context);
mlir::FailureOr<Grid> scheduleGather(KernelContext &context);
mlir::FailureOr<Grid> scheduleScatter(KernelContext &context);
mlir::FailureOr<Grid> scheduleScatterBackward(KernelContext &context);
mlir::FailureOr<Grid> scheduleUnpool(KernelContext &context);
mlir::FailureOr<Grid> scheduleRowDot(KernelContext &context);
mlir::FailureOr<Grid> scheduleRound(KernelContext &context);
mlir::FailureOr<Grid> scheduleAttend(KernelContext &context);
mlir::FailureOr<Grid> scheduleHopperAttend(KernelContext &context);
mlir::FailureOr<Grid> scheduleAttendKeys(KernelContext &context);
mlir::FailureOr<Grid> scheduleHopperAttendBackward(KernelContext &context);
mlir::FailureOr<Grid> scheduleAttendQueries(KernelContext &context);

/// The norms of `rows`, float32 and numbered `row` of a batch entry and head of `op`'s operand, to the places of their
/// tokens.
void storeTokenNorms(KernelContext &context, TokenNormOp op, mlir::Value rows, mlir::Value batch, mlir::Value head,
                     mlir::Value row);

/// Dimensions of a tensor value.
inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value tensor) {
  return llvm::cast<mlir::ShapedType>(tensor.getType()).getShape();
}

/// Rows of a view as tiles: R rows a block, `perGroup` in each group of lanes.
struct RowTiles {
  tile::RowsAttr layout;
  int64_t rows;    ///< R
  int64_t columns; ///< of the tile, at least those of the view

  RowTiles(mlir::MLIRContext *context, int64_t threads, int64_t columns, mlir::Type element, int64_t perGroup);
  mlir::RankedTensorType type(mlir::Type element) const { return tile::tileType({rows, columns}, element, layout); }
  /// first + 0, 1, ... as coordinates of rows.
  mlir::Value numbers(TileBuilder &t, Operand first) const {
    return t.add(t.range(rows, tile::rowSlice(layout)), first);
  }
};

} // namespace lighthouse::cuda
