// SPDX-License-Identifier: Apache-2.0
//
// Index arithmetic folds constants as it goes, so that the loops come out small.
#include "compiler/Host/Emitter.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace lighthouse::host {

Value Emitter::index(Index i) {
  return i.value ? i.value : arith::ConstantIndexOp::create(b, loc, i.constant).getResult();
}

namespace {
std::optional<int64_t> constantOf(const Index &i) {
  return i.value ? getConstantIntValue(i.value) : std::optional<int64_t>(i.constant);
}
} // namespace

Value Emitter::binary(Index x, Index y, function_ref<int64_t(int64_t, int64_t)> fold,
                      function_ref<Value(Value, Value)> make) {
  std::optional<int64_t> cx = constantOf(x), cy = constantOf(y);
  if (cx && cy)
    return index(fold(*cx, *cy));
  return make(index(x), index(y));
}

Value Emitter::add(Index x, Index y) {
  if (constantOf(x) == 0)
    return index(y);
  if (constantOf(y) == 0)
    return index(x);
  return binary(
      x, y, [](int64_t p, int64_t q) { return p + q; },
      [&](Value p, Value q) { return arith::AddIOp::create(b, loc, p, q); });
}
Value Emitter::sub(Index x, Index y) {
  if (constantOf(y) == 0)
    return index(x);
  return binary(
      x, y, [](int64_t p, int64_t q) { return p - q; },
      [&](Value p, Value q) { return arith::SubIOp::create(b, loc, p, q); });
}
Value Emitter::mul(Index x, Index y) {
  if (constantOf(x) == 1)
    return index(y);
  if (constantOf(y) == 1)
    return index(x);
  return binary(
      x, y, [](int64_t p, int64_t q) { return p * q; },
      [&](Value p, Value q) { return arith::MulIOp::create(b, loc, p, q); });
}
Value Emitter::div(Index x, Index y) {
  if (constantOf(y) == 1)
    return index(x);
  return binary(
      x, y, [](int64_t p, int64_t q) { return p / q; },
      [&](Value p, Value q) { return arith::DivUIOp::create(b, loc, p, q); });
}
Value Emitter::rem(Index x, Index y) {
  if (constantOf(y) == 1)
    return index(0);
  return binary(
      x, y, [](int64_t p, int64_t q) { return p % q; },
      [&](Value p, Value q) { return arith::RemUIOp::create(b, loc, p, q); });
}
Value Emitter::min(Index x, Index y) {
  return binary(
      x, y, [](int64_t p, int64_t q) { return std::min(p, q); },
      [&](Value p, Value q) { return arith::MinUIOp::create(b, loc, p, q); });
}
Value Emitter::max(Index x, Index y) {
  return binary(
      x, y, [](int64_t p, int64_t q) { return std::max(p, q); },
      [&](Value p, Value q) { return arith::MaxUIOp::create(b, loc, p, q); });
}
Value Emitter::less(Index x, Index y) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, index(x), index(y));
}
Value Emitter::lessEqual(Index x, Index y) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ule, index(x), index(y));
}
Value Emitter::select(Value condition, Index x, Index y) {
  return arith::SelectOp::create(b, loc, condition, index(x), index(y));
}
Value Emitter::toIndex(Value i32) { return arith::IndexCastOp::create(b, loc, b.getIndexType(), i32); }
Value Emitter::toI32(Index i) { return arith::IndexCastOp::create(b, loc, b.getI32Type(), index(i)); }

Values Emitter::delinearize(Value i, ArrayRef<int64_t> bases) {
  Values digits(bases.size());
  for (size_t d = bases.size(); d-- > 1;) {
    digits[d] = rem(i, bases[d]);
    i = div(i, bases[d]);
  }
  digits[0] = i;
  return digits;
}

Value Emitter::f32(double value) {
  return arith::ConstantOp::create(b, loc, b.getF32FloatAttr(static_cast<float>(value)));
}
Value Emitter::i32(int64_t value) {
  return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(static_cast<int32_t>(value)));
}
VectorType Emitter::vectorType(int64_t width, Type element) {
  return VectorType::get(width, element ? element : b.getF32Type());
}
Value Emitter::splat(Value scalar, int64_t width) {
  return vector::BroadcastOp::create(b, loc, vectorType(width, scalar.getType()), scalar);
}
Value Emitter::zeros(int64_t width) { return arith::ConstantOp::create(b, loc, b.getZeroAttr(vectorType(width))); }

Value Emitter::iota(Chunk chunk) {
  SmallVector<int32_t> lanes = llvm::to_vector(llvm::seq<int32_t>(chunk.offset, chunk.offset + chunk.width));
  return arith::ConstantOp::create(b, loc, b.getI32VectorAttr(lanes));
}

void Emitter::loop(Index from, Index to, Index step, Body body) {
  scf::ForOp::create(b, loc, index(from), index(to), index(step), ValueRange(),
                     [&](OpBuilder &nested, Location, Value iv, ValueRange) {
                       OpBuilder::InsertionGuard guard(b);
                       b.restoreInsertionPoint(nested.saveInsertionPoint());
                       body(iv);
                       scf::YieldOp::create(b, loc);
                     });
}

Values Emitter::loop(Index from, Index to, Index step, ValueRange initial, CarriedBody body) {
  auto op = scf::ForOp::create(b, loc, index(from), index(to), index(step), initial,
                               [&](OpBuilder &nested, Location, Value iv, ValueRange carried) {
                                 OpBuilder::InsertionGuard guard(b);
                                 b.restoreInsertionPoint(nested.saveInsertionPoint());
                                 scf::YieldOp::create(b, loc, body(iv, carried));
                               });
  return Values(op.getResults());
}

void Emitter::ifThen(Value condition, function_ref<void()> then, function_ref<void()> otherwise) {
  auto branch = [&](function_ref<void()> body) {
    return [this, body](OpBuilder &nested, Location) {
      OpBuilder::InsertionGuard guard(b);
      b.restoreInsertionPoint(nested.saveInsertionPoint());
      body();
      scf::YieldOp::create(b, loc);
    };
  };
  if (otherwise)
    scf::IfOp::create(b, loc, condition, branch(then), branch(otherwise));
  else
    scf::IfOp::create(b, loc, condition, branch(then));
}

Values Emitter::ifElse(Value condition, function_ref<Values()> then, function_ref<Values()> otherwise) {
  auto branch = [&](function_ref<Values()> body) {
    return [this, body](OpBuilder &nested, Location) {
      OpBuilder::InsertionGuard guard(b);
      b.restoreInsertionPoint(nested.saveInsertionPoint());
      scf::YieldOp::create(b, loc, body());
    };
  };
  return Values(scf::IfOp::create(b, loc, condition, branch(then), branch(otherwise)).getResults());
}

namespace {
Values indices(Emitter &e, ArrayRef<Index> at) {
  return llvm::map_to_vector<6>(at, [&](const Index &i) { return e.index(i); });
}
} // namespace

Value Emitter::load(Value memref, ArrayRef<Index> at) {
  return memref::LoadOp::create(b, loc, memref, indices(*this, at));
}
void Emitter::store(Value value, Value memref, ArrayRef<Index> at) {
  memref::StoreOp::create(b, loc, value, memref, indices(*this, at));
}

Value Emitter::loadRaw(Value memref, ArrayRef<Index> at, int64_t width) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  return vector::LoadOp::create(b, loc, vectorType(width, element), memref, indices(*this, at));
}
void Emitter::storeRaw(Value vector, Value memref, ArrayRef<Index> at) {
  vector::StoreOp::create(b, loc, vector, memref, indices(*this, at));
}

Value Emitter::toF32(Value vector) {
  auto type = cast<VectorType>(vector.getType());
  if (type.getElementType().isF32())
    return vector;
  return arith::ExtFOp::create(b, loc, type.clone(b.getF32Type()), vector);
}
Value Emitter::loadVector(Value memref, ArrayRef<Index> at, int64_t width) { return toF32(loadRaw(memref, at, width)); }

void Emitter::storeVector(Value vector, Value memref, ArrayRef<Index> at) {
  Type element = cast<MemRefType>(memref.getType()).getElementType();
  if (!element.isF32())
    vector = arith::TruncFOp::create(b, loc, cast<VectorType>(vector.getType()).clone(element), vector);
  storeRaw(vector, memref, at);
}

Value Emitter::scratch(ArrayRef<int64_t> shape, Type element) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(entry);
  return memref::AllocaOp::create(b, loc, MemRefType::get(shape, element), b.getI64IntegerAttr(64));
}

SmallVector<Chunk> Emitter::chunks(int64_t count) const {
  SmallVector<Chunk> result;
  int64_t offset = 0;
  for (int64_t width = machine.lanes; width >= 4; width /= 2)
    for (; offset + width <= count; offset += width)
      result.push_back({offset, width});
  assert(offset == count && "head sizes are multiples of 8");
  return result;
}

namespace {
SmallVector<Index> extended(ArrayRef<Index> at, int64_t last) {
  SmallVector<Index> result(at);
  result.push_back(last);
  return result;
}
} // namespace

Values Emitter::loadRow(Value memref, ArrayRef<Index> at, int64_t count) {
  Values row;
  for (Chunk chunk : chunks(count))
    row.push_back(loadVector(memref, extended(at, chunk.offset), chunk.width));
  return row;
}
void Emitter::storeRow(ValueRange row, Value memref, ArrayRef<Index> at, int64_t count) {
  for (auto [vector, chunk] : llvm::zip_equal(row, chunks(count)))
    storeVector(vector, memref, extended(at, chunk.offset));
}
void Emitter::copyRow(Value from, ArrayRef<Index> fromAt, Value to, ArrayRef<Index> toAt, int64_t count) {
  // Whole vector registers, whatever the element type.
  int64_t perWord = 32 / cast<MemRefType>(from.getType()).getElementTypeBitWidth();
  for (Chunk chunk : chunks(count / perWord)) {
    int64_t offset = chunk.offset * perWord;
    storeRaw(loadRaw(from, extended(fromAt, offset), chunk.width * perWord), to, extended(toAt, offset));
  }
}
Values Emitter::zeroRow(int64_t count) {
  return llvm::map_to_vector<6>(chunks(count), [&](Chunk chunk) { return zeros(chunk.width); });
}
Values Emitter::addRows(ValueRange x, ValueRange y) {
  Values sum;
  for (auto [p, q] : llvm::zip_equal(x, y))
    sum.push_back(arith::AddFOp::create(b, loc, p, q));
  return sum;
}
Values Emitter::scaleRow(ValueRange x, double factor) {
  Value scalar = f32(factor);
  Values product;
  for (Value p : x)
    product.push_back(arith::MulFOp::create(b, loc, p, splat(scalar, cast<VectorType>(p.getType()).getDimSize(0))));
  return product;
}

} // namespace lighthouse::host
