// SPDX-License-Identifier: Apache-2.0
//
// The tile dialect `tile`: see docs/reference/TileDialect.md.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Tile/TileDialect.h.inc"
#include "dialects/Tile/TileEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Tile/TileAttributes.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Tile/TileTypes.h.inc"
#define GET_OP_CLASSES
#include "dialects/Tile/TileOps.h.inc"

namespace lighthouse::tile {

/// Bytes of a chunk: what a thread copies at once, and what shared memory permutes.
inline constexpr int64_t kChunkBytes = 16;

/// Threads of a layout.
int64_t threadsOf(mlir::Attribute layout);

/// The layout of rows of `columns` elements of `bits`: 16 bytes a lane, or 8 elements where a lane's are wider than
/// that.
RowsAttr rowsLayout(mlir::MLIRContext *context, int64_t threads, int64_t columns, int64_t bits);

/// Columns that `layout` holds for a row of `columns`: the next multiple of lanes * elements.
int64_t paddedColumns(RowsAttr layout, int64_t columns);

/// One value a row of `layout`.
inline SliceAttr rowSlice(mlir::Attribute layout) { return SliceAttr::get(layout.getContext(), 1, layout); }
/// One value a column of `layout`.
inline SliceAttr columnSlice(mlir::Attribute layout) { return SliceAttr::get(layout.getContext(), 0, layout); }

inline mlir::RankedTensorType tileType(llvm::ArrayRef<int64_t> shape, mlir::Type element, mlir::Attribute layout) {
  return mlir::RankedTensorType::get(shape, element, layout);
}

/// Which elements of a tile one thread holds, in the order of its registers. An element's row is the thread's first row
/// plus `rows[i]`, its column the thread's first column plus `columns[j]`; element number i * columns + j, except
/// that the layout `mma` has for each pair of rows i, i + 1 of a block the columns of the first before those of the
/// second: element ((i / 2 * columns / 2 + j / 2) * 2 + i % 2) * 2 + j % 2. A tile of one dimension has either.
struct Distribution {
  llvm::SmallVector<int64_t> rows, columns;
  /// Row and column index of each element.
  llvm::SmallVector<std::pair<int64_t, int64_t>> elements;
  /// Neighbouring columns that follow each other in the registers.
  int64_t width = 1;

  static Distribution of(mlir::RankedTensorType tile);
};

/// Registers that each thread of a kernel with roles begins with.
inline int64_t registersAtEntry(int64_t threads) { return 65536 / threads / 8 * 8; }

/// Whether a role's products are awaited, and nothing that they read or write is touched before.
mlir::LogicalResult verifyFlights(mlir::Block &block);

} // namespace lighthouse::tile
