// SPDX-License-Identifier: Apache-2.0
//
// What one thread does: a builder with short names for scalar arithmetic, memory accesses and warp instructions.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace lighthouse::cuda {

using Values = llvm::SmallVector<mlir::Value>;

class Simt {
public:
  Simt(mlir::OpBuilder &builder, mlir::Location loc);

  mlir::OpBuilder &b;
  mlir::Location loc;
  const mlir::Type i1, i32, i64, f32;

  //===-- Arithmetic; what is constant folds -----------------------------===//

  mlir::Value constant(int64_t value); ///< i32
  mlir::Value constant64(int64_t value);
  mlir::Value zero(mlir::Type type);
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value add(mlir::Value x, int64_t y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, int64_t y);
  mlir::Value div(mlir::Value x, int64_t y); ///< unsigned
  mlir::Value rem(mlir::Value x, int64_t y); ///< unsigned
  mlir::Value bitAnd(mlir::Value x, int64_t y);
  mlir::Value bitOr(mlir::Value x, mlir::Value y);
  mlir::Value bitXor(mlir::Value x, mlir::Value y);
  mlir::Value shiftLeft(mlir::Value x, int64_t by);
  mlir::Value shiftRight(mlir::Value x, int64_t by); ///< unsigned
  mlir::Value less(mlir::Value x, mlir::Value y);    ///< signed
  mlir::Value both(mlir::Value x, mlir::Value y);    ///< either may be null: true
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y);
  mlir::Value wide(mlir::Value x); ///< i32 to i64, sign kept
  mlir::Value bitcast(mlir::Value x, mlir::Type type);

  /// What `body` emits runs where the condition holds.
  void ifThen(mlir::Value condition, llvm::function_ref<void()> body);

  //===-- Threads --------------------------------------------------------===//

  bool inRole = false; ///< thread numbers are those in the warpgroup
  mlir::Value threadId();
  mlir::Value blockId();
  mlir::Value lane(); ///< thread % 32
  mlir::Value warp(); ///< thread / 32
  void barrier();
  /// The value of the lane whose number differs in the bits of `mask`: f32, f64 or i32.
  mlir::Value shuffleXor(mlir::Value x, int64_t mask);
  /// The value of a given lane: i32.
  mlir::Value shuffle(mlir::Value x, mlir::Value lane);
  /// The sum of this lane's value and those of the lanes below: i32.
  mlir::Value sumUpToLane(mlir::Value x);

  //===-- Memory ---------------------------------------------------------===//

  /// pointer + bytes, of a pointer in any address space.
  mlir::Value offset(mlir::Value pointer, mlir::Value bytes);
  mlir::Value offset(mlir::Value pointer, int64_t bytes);
  /// `words` words of 32 bits (1, 2 or 4) from global memory that no one writes meanwhile; zeros where `predicate` (may
  /// be null) is false.
  Values loadGlobal(mlir::Value pointer, int64_t words, mlir::Value predicate);
  void storeGlobal(mlir::ValueRange words, mlir::Value pointer, mlir::Value predicate);
  Values loadShared(mlir::Value pointer, int64_t words);
  void storeShared(mlir::ValueRange words, mlir::Value pointer);
  /// A single value of any type, naturally aligned.
  mlir::Value loadScalar(mlir::Value pointer, mlir::Type type);
  void storeScalar(mlir::Value value, mlir::Value pointer);
  /// Adds 1 to a word of shared memory where `predicate` (may be null) is true, in one step.
  void countShared(mlir::Value pointer, mlir::Value predicate);
  /// Address of shared memory as a number.
  mlir::Value sharedAddress(mlir::Value pointer);
  /// 4 or 16 bytes from global to shared memory, without waiting; zeros where `predicate` is false.
  void copyAsync(mlir::Value shared, mlir::Value global, mlir::Value predicate, int64_t bytes);

  //===-- Instructions ---------------------------------------------------===//

  /// One PTX statement. Results and operands take the constraints given; `effects`: it does more than compute its
  /// results.
  Values inlineAsm(mlir::TypeRange results, mlir::ValueRange operands, llvm::StringRef text,
                   llvm::StringRef constraints, bool effects);
  mlir::Value intrinsic(llvm::StringRef name, mlir::Type result, mlir::ValueRange operands);
  void intrinsic(llvm::StringRef name, mlir::ValueRange operands);
  Values structFields(mlir::Value value);
  /// Four 8 x 8 matrices of 16-bit elements; each lane gives a row's address.
  Values loadMatrices(mlir::Value pointer, bool transposed);
  /// Two floats to a word of two 16-bit elements, the first in the low half, and back.
  mlir::Value pack(mlir::Value low, mlir::Value high, mlir::Type element);
  std::pair<mlir::Value, mlir::Value> unpack(mlir::Value word, mlir::Type element);

private:
  template <typename Op> mlir::Value fold(mlir::Value x, mlir::Value y);
};

/// Address spaces of NVPTX.
inline constexpr unsigned kGlobal = 1, kShared = 3;

} // namespace lighthouse::cuda
