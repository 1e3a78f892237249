// SPDX-License-Identifier: Apache-2.0
//
// What the host schedules are written with: a builder with short names for index arithmetic, loops, and rows of
// vectors.
#pragma once

#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Builders.h"

namespace lighthouse::host {

/// What the schedules know of the CPU.
struct Machine {
  int64_t lanes = 16;     ///< float32 elements of a vector
  int64_t registers = 32; ///< vector registers
  bool tiles = false;     ///< multiplies tiles of bfloat16 (AMX)
};

/// A vector's place in a row: elements offset .. offset + width - 1.
struct Chunk {
  int64_t offset, width;
};

/// Index values and constants mix freely in arithmetic: an int64_t becomes an index constant.
struct Index {
  mlir::Value value;
  int64_t constant = 0;
  Index(mlir::Value value) : value(value) {}
  Index(int64_t constant) : constant(constant) {}
};

using Values = llvm::SmallVector<mlir::Value>;

class Emitter {
public:
  /// The builder stands in the entry block of the kernel's function.
  Emitter(mlir::OpBuilder &builder, mlir::Location loc, const Machine &machine)
      : b(builder), loc(loc), machine(machine), entry(builder.getInsertionBlock()) {}

  mlir::OpBuilder &b;
  mlir::Location loc;
  const Machine machine;

  //===-- Index arithmetic (unsigned: all indices here are >= 0) ---------===//

  mlir::Value index(Index i);
  mlir::Value add(Index x, Index y);
  mlir::Value sub(Index x, Index y);
  mlir::Value mul(Index x, Index y);
  mlir::Value div(Index x, Index y);
  mlir::Value rem(Index x, Index y);
  mlir::Value min(Index x, Index y);
  mlir::Value max(Index x, Index y);
  mlir::Value less(Index x, Index y);      ///< i1, unsigned
  mlir::Value lessEqual(Index x, Index y); ///< i1, unsigned
  mlir::Value select(mlir::Value condition, Index x, Index y);
  /// i32 to index and back.
  mlir::Value toIndex(mlir::Value i32);
  mlir::Value toI32(Index i);
  /// Splits `i` into digits of the given bases, slowest first: delinearize(i, {B, H, n}) gives i / (H n), i / n % H, i
  /// % n. The first base is not needed.
  Values delinearize(mlir::Value i, llvm::ArrayRef<int64_t> bases);

  //===-- Constants and scalars ------------------------------------------===//

  mlir::Value f32(double value);
  mlir::Value i32(int64_t value);
  mlir::Value splat(mlir::Value scalar, int64_t width);
  mlir::Value zeros(int64_t width);                                    ///< vector<width x f32>
  mlir::Value iota(Chunk chunk);                                       ///< vector<width x i32>: offset, offset + 1, ...
  mlir::VectorType vectorType(int64_t width, mlir::Type element = {}); ///< f32 when absent

  //===-- Control --------------------------------------------------------===//

  using Body = llvm::function_ref<void(mlir::Value iv)>;
  using CarriedBody = llvm::function_ref<Values(mlir::Value iv, mlir::ValueRange carried)>;
  /// for (iv = from; iv < to; iv += step) body(iv)
  void loop(Index from, Index to, Index step, Body body);
  /// The same with values carried from turn to turn; gives the last turn's.
  Values loop(Index from, Index to, Index step, mlir::ValueRange initial, CarriedBody body);
  void ifThen(mlir::Value condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise = nullptr);
  /// if that gives values; both sides give as many, of the same types.
  Values ifElse(mlir::Value condition, llvm::function_ref<Values()> then, llvm::function_ref<Values()> otherwise);

  //===-- Memory ---------------------------------------------------------===//

  mlir::Value load(mlir::Value memref, llvm::ArrayRef<Index> at);
  void store(mlir::Value value, mlir::Value memref, llvm::ArrayRef<Index> at);
  /// A vector along the last dimension, converted to f32 (float16 and bfloat16 memory) .
  mlir::Value loadVector(mlir::Value memref, llvm::ArrayRef<Index> at, int64_t width);
  /// Stores a f32 vector along the last dimension, rounded to the memory's element type.
  void storeVector(mlir::Value vector, mlir::Value memref, llvm::ArrayRef<Index> at);
  /// A vector as it lies in memory, no conversion.
  mlir::Value loadRaw(mlir::Value memref, llvm::ArrayRef<Index> at, int64_t width);
  void storeRaw(mlir::Value vector, mlir::Value memref, llvm::ArrayRef<Index> at);
  /// Scratch memory on the stack of the kernel, 64-byte aligned; made at the start of the function whatever the
  /// insertion point. (A loop's body is built before it has a parent, so the emitter keeps the entry block.)
  mlir::Value scratch(llvm::ArrayRef<int64_t> shape, mlir::Type element);

  //===-- Rows of head_dim elements --------------------------------------===//

  /// Chunks of `lanes`, then of 8 and so on, that cover a row of `count` (a multiple of 8; lanes of 4 divide it).
  llvm::SmallVector<Chunk> chunks(int64_t count) const;
  /// The row at [at..., 0 .. count-1] as f32 vectors, one a chunk.
  Values loadRow(mlir::Value memref, llvm::ArrayRef<Index> at, int64_t count);
  void storeRow(mlir::ValueRange row, mlir::Value memref, llvm::ArrayRef<Index> at, int64_t count);
  /// A row from one memref to another of the same element type, as it lies.
  void copyRow(mlir::Value from, llvm::ArrayRef<Index> fromAt, mlir::Value to, llvm::ArrayRef<Index> toAt,
               int64_t count);
  Values zeroRow(int64_t count);
  Values addRows(mlir::ValueRange x, mlir::ValueRange y);
  Values scaleRow(mlir::ValueRange x, double factor);

private:
  mlir::Block *entry; ///< of the kernel's function

  mlir::Value toF32(mlir::Value vector);
  mlir::Value binary(Index x, Index y, llvm::function_ref<int64_t(int64_t, int64_t)> fold,
                     llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> make);
};

/// A kernel being lowered: its stages, and the memref of every tensor it reads or writes.
struct KernelContext {
  KernelOp kernel;
  Emitter &e;
  mlir::Value item; ///< number of the work item
  llvm::DenseMap<mlir::Value, mlir::Value>
      buffers;                 ///< a region argument or yielded value (or its `coarse`) to its memref
  mlir::func::FuncOp function; ///< what is being filled

  /// The only op of that kind in the region, or null.
  template <typename Op> Op find() {
    auto ops = kernel.getBody().getOps<Op>();
    return ops.empty() ? Op() : *ops.begin();
  }
  /// The memref of a tensor that the kernel reads or writes; null for what stays inside.
  mlir::Value buffer(mlir::Value tensor) const { return buffers.lookup(tensor); }
  /// Rows of a tensor [B, H, rows, D] that the kernel reads or writes: a constant, or what the call gives.
  mlir::Value rows(mlir::Value tensor) const {
    if (isVarlen(tensor))
      return mlir::memref::DimOp::create(e.b, e.loc, buffer(tensor), 2);
    return e.index(llvm::cast<mlir::MemRefType>(buffer(tensor).getType()).getDimSize(2));
  }
  /// Whether the call gives them.
  bool isVarlen(mlir::Value tensor) const {
    return llvm::cast<mlir::MemRefType>(buffer(tensor).getType()).isDynamicDim(2);
  }
  /// The memref of the coarse levels of a pyramid made in this kernel; null when none leaves it.
  mlir::Value coarseBuffer(mlir::Value pyramid) const {
    for (mlir::Operation *user : pyramid.getUsers())
      if (auto coarse = llvm::dyn_cast<CoarseOp>(user))
        return buffer(coarse.getCoarse());
    return {};
  }
};

/// Number of work items, or failure when the stages in the kernel are not those of the schedule.
using Schedule = mlir::FailureOr<int64_t> (*)(KernelContext &);

/// One schedule a kind of kernel. Each fills the body of `function` for work item `item` and returns how many items
/// there are.
mlir::FailureOr<int64_t> schedulePoolScore(KernelContext &context);
mlir::FailureOr<int64_t> scheduleSelect(KernelContext &context);
mlir::FailureOr<int64_t> scheduleGlaSquares(KernelContext &context);
mlir::FailureOr<int64_t> schedulePartNorms(KernelContext &context);
mlir::FailureOr<int64_t> scheduleInvert(KernelContext &context);
mlir::FailureOr<int64_t> scheduleDilate(KernelContext &context);
mlir::FailureOr<int64_t> scheduleMaxPool(KernelContext &context);
mlir::FailureOr<int64_t> scheduleGather(KernelContext &context);
mlir::FailureOr<int64_t> scheduleScatter(KernelContext &context);
mlir::FailureOr<int64_t> scheduleScatterBackward(KernelContext &context);
mlir::FailureOr<int64_t> scheduleSumParts(KernelContext &context);
mlir::FailureOr<int64_t> scheduleRound(KernelContext &context);
mlir::FailureOr<int64_t> scheduleUnpool(KernelContext &context);
mlir::FailureOr<int64_t> scheduleAttend(KernelContext &context);
mlir::FailureOr<int64_t> scheduleAttendBackward(KernelContext &context);

/// The norm of a row of `op`'s operand, which is at batch entry, head and row `at`, to the place of its token.
void storeTokenNorm(KernelContext &context, TokenNormOp op, mlir::ValueRange row, llvm::ArrayRef<mlir::Value> at);

/// Dimensions of a tensor value.
inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value tensor) {
  return llvm::cast<mlir::ShapedType>(tensor.getType()).getShape();
}

} // namespace lighthouse::host
