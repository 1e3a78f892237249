// SPDX-License-Identifier: Apache-2.0
//
// From a tile program to what one thread does: each tile becomes the registers that the thread holds of it.
#pragma once

#include "compiler/Cuda/Simt.h"
#include "dialects/Tile/Tile.h"

#include "llvm/ADT/MapVector.h"

#include <map>

namespace lighthouse::cuda {

/// A view's memory: address, and strides in elements (i64) of all dimensions but the last; of a varlen one also how
/// many rows (i32) there are.
struct ViewMemory {
  mlir::Value pointer;
  Values strides;
  mlir::Value rows = {};
};

/// A ring's memory: its tiles, and the barriers of each.
struct RingMemory {
  mlir::Value tiles, full, empty;
};

/// Bytes of an mbarrier.
inline constexpr int64_t kBarrierBytes = 8;
/// Bytes from a tile of a ring to the next.
inline int64_t slotBytes(tile::SharedType type) { return llvm::alignTo(type.bytes(), type.alignment()); }

/// A tensor map that a kernel takes: of which view, and by how many rows and columns at once.
struct TensorMapKey {
  int64_t view = 0, rows = 0, columns = 0;
  bool flat = false; ///< the view as one run of elements

  static TensorMapKey of(mlir::Value view, tile::SharedType tile);
  friend bool operator<(const TensorMapKey &x, const TensorMapKey &y) {
    return std::tie(x.view, x.rows, x.columns, x.flat) < std::tie(y.view, y.rows, y.columns, y.flat);
  }
};

class Lowering {
public:
  Lowering(mlir::OpBuilder &builder, mlir::Location loc) : s(builder, loc) {}

  Simt s;
  llvm::DenseMap<mlir::Value, ViewMemory> views;
  llvm::DenseMap<mlir::Value, mlir::Value> shared; ///< a shared tile to its address
  mlir::Value scratch;                             ///< shared memory of scans
  llvm::MapVector<mlir::Value, RingMemory> rings;
  std::map<TensorMapKey, mlir::Value> maps; ///< the address of each tensor map

  /// The registers of a value: one for a scalar or each element of a tile, one for two elements of 16 bits.
  const Values &of(mlir::Value value) const { return registers.find(value)->second; }
  mlir::Value scalar(mlir::Value value) const { return of(value).front(); }
  void set(mlir::Value value, Values regs) { registers[value] = std::move(regs); }

  /// First row and column of this thread in a layout of two dimensions, or of a slice of one.
  mlir::Value threadRow(mlir::Attribute layout);
  mlir::Value threadColumn(mlir::Attribute layout);

  mlir::LogicalResult lower(mlir::Block &block); ///< all but the terminator

  // Lowering.cpp
  mlir::LogicalResult lower(mlir::Operation *op);
  // LowerElements.cpp
  mlir::LogicalResult lowerElements(mlir::Operation *op);
  void lowerRange(tile::RangeOp op);
  void lowerExpand(tile::ExpandOp op);
  void lowerColumns(tile::ColumnsOp op);
  void lowerReduce(tile::ReduceOp op);
  void lowerAny(tile::AnyOp op);
  void lowerKeep(tile::KeepOp op);
  // LowerGlobal.cpp
  mlir::LogicalResult lowerLoad(tile::LoadOp op);
  mlir::LogicalResult lowerStore(tile::StoreOp op);
  void lowerCopy(tile::CopyOp op);
  // LowerShared.cpp
  mlir::LogicalResult lowerRead(tile::ReadOp op);
  mlir::LogicalResult lowerWrite(tile::WriteOp op);
  void lowerCount(tile::CountOp op);
  // LowerFill.cpp
  void lowerFill(tile::FillOp op);
  // LowerScan.cpp
  void lowerScan(tile::ScanOp op);
  // LowerDot.cpp
  void lowerDot(tile::DotOp op);
  // LowerAsync.cpp
  mlir::LogicalResult lowerRoles(tile::RolesOp op);
  void lowerMeet(mlir::Value number, int64_t threads, bool waits);
  void lowerFetch(tile::FetchOp op);
  void lowerReceive(tile::ReceiveOp op);
  void lowerRelease(tile::ReleaseOp op);
  void lowerSend(tile::SendOp op);
  void lowerDrain();
  void lowerPublish();
  // LowerDotAsync.cpp
  void lowerDotAsync(tile::DotAsyncOp op);
  void lowerAwait(tile::AwaitOp op);

  /// Address of an element of a shared tile of two dimensions.
  mlir::Value sharedAddress(tile::SharedType type, mlir::Value base, mlir::Value row, mlir::Value column);

private:
  struct Slot;
  Slot slotOf(mlir::Value ring, mlir::Value number);
  void initializeRings();
  void forEachBox(tile::ViewType view, mlir::ValueRange at, tile::SharedType type, mlir::Value base,
                  llvm::function_ref<void(mlir::Value, llvm::ArrayRef<mlir::Value>)> body);
  mlir::LogicalResult lowerFor(mlir::Operation *op);
  mlir::LogicalResult lowerIf(mlir::Operation *op);
  mlir::LogicalResult lowerWhile(mlir::Operation *op);

  llvm::DenseMap<mlir::Value, Values> registers;
};

/// Where a warp's four matrices of 8 x 8 elements of 16 bits lie: a block of 16 x 16 of a shared tile, an address a
/// lane. The second matrix is below the first, or, `columnsFirst`, to its right.
class MatrixAddresses {
public:
  /// Blocks below `row`, a multiple of 8.
  MatrixAddresses(Lowering &l, tile::SharedType type, mlir::Value base, mlir::Value row, bool columnsFirst);
  /// The block that begins at `row` and `column`, multiples of 16.
  mlir::Value at(int64_t row, int64_t column);
  /// The same with more columns, a multiple of 16 that is no constant.
  mlir::Value at(int64_t row, int64_t column, mlir::Value columns);

private:
  Simt &s;
  tile::SharedType type;
  mlir::Value first, place; ///< the lane's row; where its chunk lies in the first eight, in bytes
  mlir::Value places[8];    ///< the row's address with an even chunk of the first eight
};

/// Whether a tile's registers hold two elements each.
inline bool isPacked(mlir::Type element) { return element.isF16() || element.isBF16(); }

/// Bytes of shared memory that a scan needs beside the tiles.
int64_t scratchBytes(tile::ScanOp op);

/// Number of registers, and the type of one.
int64_t numRegisters(mlir::Type type);
mlir::Type registerType(mlir::Type type);

} // namespace lighthouse::cuda
