// SPDX-License-Identifier: Apache-2.0
//
// What the CUDA schedules are written with: short names for the words of a tile program and for arithmetic, in which
// tiles, scalars and constants mix freely.
#pragma once

#include "dialects/Lighthouse/Lighthouse.h"
#include "dialects/Tile/Tile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

#include <variant>

namespace lighthouse::cuda {

using Values = llvm::SmallVector<mlir::Value>;

/// A tile, a scalar, or a constant that takes the type of what it meets.
struct Operand {
  mlir::Value value;
  double constant = 0;
  Operand(mlir::Value value) : value(value) {}
  Operand(double constant) : constant(constant) {}
  Operand(int64_t constant) : constant(static_cast<double>(constant)) {}
  Operand(int constant) : constant(constant) {}
};

class TileBuilder {
public:
  TileBuilder(mlir::OpBuilder &builder, mlir::Location loc) : b(builder), loc(loc) {}

  mlir::OpBuilder &b;
  mlir::Location loc;

  //===-- Arithmetic: of integers (unsigned) or floats, as the operands are --------------------------------------===//

  mlir::Value i32(int64_t value);
  /// A constant tile or scalar.
  mlir::Value constant(mlir::Type type, double value);
  mlir::Value add(Operand x, Operand y);
  mlir::Value sub(Operand x, Operand y);
  mlir::Value mul(Operand x, Operand y);
  mlir::Value div(Operand x, Operand y);
  mlir::Value rem(Operand x, Operand y);
  mlir::Value min(Operand x, Operand y);       ///< signed integers
  mlir::Value max(Operand x, Operand y);       ///< signed integers; of floats, NaN where one is
  mlir::Value maxNumber(Operand x, Operand y); ///< of floats, the other where one is NaN
  mlir::Value fma(mlir::Value x, Operand y, Operand z);
  mlir::Value minUnsigned(mlir::Value x, Operand y);
  mlir::Value shiftLeft(Operand x, Operand y);
  mlir::Value shiftRight(Operand x, Operand y); ///< unsigned
  mlir::Value bitAnd(Operand x, Operand y);
  mlir::Value bitOr(Operand x, Operand y);
  mlir::Value exp2(mlir::Value x);
  mlir::Value log2(mlir::Value x);
  mlir::Value sqrt(mlir::Value x);
  mlir::Value less(Operand x, Operand y);      ///< signed integers; ordered floats
  mlir::Value lessEqual(Operand x, Operand y); ///< signed integers; ordered floats
  mlir::Value equal(Operand x, Operand y);
  mlir::Value both(mlir::Value x, mlir::Value y); ///< either may be null: true
  mlir::Value select(mlir::Value condition, Operand x, Operand y);
  /// The same bits.
  mlir::Value bitcast(mlir::Value x, mlir::Type element);
  mlir::Value toFloat(mlir::Value x, mlir::Type element); ///< of signed integers
  /// To another type of float or of integer (unsigned); nothing to do where it is the same.
  mlir::Value convert(mlir::Value x, mlir::Type element);
  /// Splits `i` into digits of the given bases, slowest first; the first base is not needed.
  Values delinearize(mlir::Value i, llvm::ArrayRef<int64_t> bases);

  //===-- Tiles --------------------------------------------------------------------------------------------------===//

  mlir::Value blockId();
  /// How many rows a view of four dimensions has: a constant, or what the launch says.
  Operand rows(mlir::Value view);
  /// 0 .. size-1 of a layout of one dimension.
  mlir::Value range(int64_t size, mlir::Attribute layout);
  mlir::Value expand(mlir::Value slice, mlir::RankedTensorType type);
  /// The type of `like` with other elements.
  mlir::RankedTensorType typeLike(mlir::Value like, mlir::Type element);
  mlir::Value reduce(tile::Reduction kind, mlir::Value x); ///< one value a row
  mlir::Value columns(mlir::Value x, int64_t first, int64_t count);
  mlir::Value fold(tile::Reduction kind, mlir::Value x); ///< eight values a row
  mlir::Value keep(tile::Triangle side, mlir::Value x, mlir::Value diagonal, double otherwise);
  mlir::Value any(mlir::Value mask); ///< of all threads of the block
  mlir::Value load(mlir::Type result, mlir::Value view, mlir::ValueRange at, mlir::Value mask = {});
  /// Sums of the elements before each, and of all.
  std::pair<mlir::Value, mlir::Value> scan(mlir::Value x);
  void fill(Operand value, mlir::Value view, mlir::ValueRange at, int64_t count);
  void store(mlir::Value value, mlir::Value view, mlir::ValueRange at, mlir::Value mask = {});
  mlir::Value alloc(llvm::ArrayRef<int64_t> shape, mlir::Type element);
  mlir::Value alias(mlir::Value shared, llvm::ArrayRef<int64_t> shape, mlir::Type element);
  mlir::Value alias(mlir::Value shared, tile::SharedType type);
  mlir::Value choose(mlir::Value first, mlir::Value second, mlir::Value number);
  mlir::Value read(mlir::Type result, mlir::Value shared, bool transposed = false);
  /// Elements from `first` on.
  mlir::Value readFrom(mlir::Type result, mlir::Value shared, mlir::Value first);
  /// Elements at an index tile, or one at a scalar index.
  mlir::Value readAt(mlir::Value shared, Operand at);
  void write(mlir::Value value, mlir::Value shared);
  void writeAt(mlir::Value value, mlir::Value shared, Operand at, mlir::Value mask);
  void count(mlir::Value shared, mlir::Value at, mlir::Value mask);
  /// Rows from the last coordinate on, each `step` behind the one before, or of a column more from that column on.
  void copy(mlir::Value view, mlir::ValueRange at, Operand limit, mlir::Value shared, int64_t step = 1);
  void commit();
  void wait(int64_t pending);
  void barrier();
  mlir::Value dot(mlir::Value a, mlir::Value b, mlir::Value acc, bool transposed = false, bool aTransposed = false);

  //===-- Roles, rings, products that run by themselves
  //------------------------------------------------------------===//

  /// A role: its threads (1, or whole warpgroups), their registers, and what each of its warpgroups does.
  struct Role {
    int64_t threads, registers;
    llvm::function_ref<void(mlir::Value group)> body;
  };
  void roles(llvm::ArrayRef<Role> roles);
  /// A shared tile of panels.
  tile::SharedType panels(llvm::ArrayRef<int64_t> shape, mlir::Type element);
  mlir::Value alloc(tile::SharedType type);
  mlir::Value ring(int64_t stages, tile::SharedType type, int64_t readers, mlir::Value along = {});
  void fetch(mlir::Value view, mlir::ValueRange at, mlir::Value ring, Operand number);
  mlir::Value receive(mlir::Value ring, Operand number);
  void release(mlir::Value ring, Operand number);
  mlir::Value panel(mlir::Value shared, Operand number);
  enum Transposed { None = 0, Left = 1, Right = 2 };
  /// Begins left right, + acc where there is one.
  mlir::Value dotAsync(mlir::RankedTensorType result, mlir::Value left, mlir::Value right, int transposed = None,
                       mlir::Value acc = {});
  mlir::Value await(mlir::Value pending);
  void meet(Operand number, int64_t threads);
  void signal(Operand number, int64_t threads);
  void publish();
  void send(mlir::Value shared, mlir::Value view, mlir::ValueRange at, bool add = false);
  void drain();

  //===-- Control ------------------------------------------------------------------------------------------------===//

  using Body = llvm::function_ref<void(mlir::Value iv)>;
  using CarriedBody = llvm::function_ref<Values(mlir::Value iv, mlir::ValueRange carried)>;
  void loop(Operand from, Operand to, Operand step, Body body);
  Values loop(Operand from, Operand to, Operand step, mlir::ValueRange initial, CarriedBody body);
  /// Repeats body, which gives what it carries and last whether to go on; at least once.
  Values repeat(mlir::ValueRange initial, llvm::function_ref<Values(mlir::ValueRange carried)> body);
  void ifThen(mlir::Value condition, llvm::function_ref<void()> body);
  /// What `change` makes of a value where the condition holds, else the value.
  mlir::Value changeIf(mlir::Value condition, mlir::Value value, llvm::function_ref<mlir::Value()> change);

private:
  /// The operand as a value of the type of the tile or scalar among both.
  mlir::Value as(Operand x, mlir::Type type);
  mlir::Type common(Operand x, Operand y);
  template <typename IntOp, typename FloatOp> mlir::Value binary(Operand x, Operand y);
  mlir::Value compare(mlir::arith::CmpIPredicate integers, mlir::arith::CmpFPredicate floats, Operand x, Operand y);
};

} // namespace lighthouse::cuda
