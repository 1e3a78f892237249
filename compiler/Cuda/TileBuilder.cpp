// SPDX-License-Identifier: Apache-2.0
#include "compiler/Cuda/TileBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace lighthouse::cuda {

//===-- Arithmetic -------------------------------------------------------===//

Value TileBuilder::i32(int64_t value) { return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(value)); }

Value TileBuilder::constant(Type type, double value) {
  Type element = getElementTypeOrSelf(type);
  TypedAttr attr = isa<FloatType>(element) ? static_cast<TypedAttr>(b.getFloatAttr(element, value))
                                           : b.getIntegerAttr(element, static_cast<int64_t>(value));
  if (auto tile = dyn_cast<RankedTensorType>(type))
    attr = DenseElementsAttr::get(tile, attr);
  return arith::ConstantOp::create(b, loc, attr);
}

Value TileBuilder::as(Operand x, Type type) {
  if (!x.value)
    return constant(type, x.constant);
  if (x.value.getType() == type)
    return x.value;
  return tile::SplatOp::create(b, loc, type, x.value);
}

Type TileBuilder::common(Operand x, Operand y) {
  if (x.value && (isa<RankedTensorType>(x.value.getType()) || !y.value))
    return x.value.getType();
  return y.value ? y.value.getType() : static_cast<Type>(b.getI32Type());
}

template <typename IntOp, typename FloatOp> Value TileBuilder::binary(Operand x, Operand y) {
  Type type = common(x, y);
  Value left = as(x, type), right = as(y, type);
  if (isa<FloatType>(getElementTypeOrSelf(type)))
    return b.createOrFold<FloatOp>(loc, left, right);
  return b.createOrFold<IntOp>(loc, left, right);
}

Value TileBuilder::add(Operand x, Operand y) { return binary<arith::AddIOp, arith::AddFOp>(x, y); }
Value TileBuilder::sub(Operand x, Operand y) { return binary<arith::SubIOp, arith::SubFOp>(x, y); }
Value TileBuilder::mul(Operand x, Operand y) { return binary<arith::MulIOp, arith::MulFOp>(x, y); }
Value TileBuilder::div(Operand x, Operand y) { return binary<arith::DivUIOp, arith::DivFOp>(x, y); }
Value TileBuilder::rem(Operand x, Operand y) { return binary<arith::RemUIOp, arith::RemFOp>(x, y); }
Value TileBuilder::min(Operand x, Operand y) { return binary<arith::MinSIOp, arith::MinimumFOp>(x, y); }
Value TileBuilder::max(Operand x, Operand y) { return binary<arith::MaxSIOp, arith::MaximumFOp>(x, y); }
Value TileBuilder::maxNumber(Operand x, Operand y) { return binary<arith::MaxSIOp, arith::MaxNumFOp>(x, y); }

Value TileBuilder::minUnsigned(Value x, Operand y) { return arith::MinUIOp::create(b, loc, x, as(y, x.getType())); }
Value TileBuilder::shiftLeft(Operand x, Operand y) { return binary<arith::ShLIOp, arith::MulFOp>(x, y); }
Value TileBuilder::shiftRight(Operand x, Operand y) { return binary<arith::ShRUIOp, arith::MulFOp>(x, y); }
Value TileBuilder::bitAnd(Operand x, Operand y) { return binary<arith::AndIOp, arith::MulFOp>(x, y); }
Value TileBuilder::bitOr(Operand x, Operand y) { return binary<arith::OrIOp, arith::AddFOp>(x, y); }

Value TileBuilder::fma(Value x, Operand y, Operand z) {
  return math::FmaOp::create(b, loc, x, as(y, x.getType()), as(z, x.getType()));
}
Value TileBuilder::exp2(Value x) { return math::Exp2Op::create(b, loc, x); }
Value TileBuilder::log2(Value x) { return math::Log2Op::create(b, loc, x); }
Value TileBuilder::sqrt(Value x) { return math::SqrtOp::create(b, loc, x); }

Value TileBuilder::compare(arith::CmpIPredicate integers, arith::CmpFPredicate floats, Operand x, Operand y) {
  Type type = common(x, y);
  Value left = as(x, type), right = as(y, type);
  if (isa<FloatType>(getElementTypeOrSelf(type)))
    return b.createOrFold<arith::CmpFOp>(loc, floats, left, right);
  return b.createOrFold<arith::CmpIOp>(loc, integers, left, right);
}
Value TileBuilder::less(Operand x, Operand y) {
  return compare(arith::CmpIPredicate::slt, arith::CmpFPredicate::OLT, x, y);
}
Value TileBuilder::lessEqual(Operand x, Operand y) {
  return compare(arith::CmpIPredicate::sle, arith::CmpFPredicate::OLE, x, y);
}
Value TileBuilder::equal(Operand x, Operand y) {
  return compare(arith::CmpIPredicate::eq, arith::CmpFPredicate::OEQ, x, y);
}

Value TileBuilder::both(Value x, Value y) {
  if (!x || !y)
    return x ? x : y;
  return binary<arith::AndIOp, arith::AddFOp>(x, y);
}

Value TileBuilder::select(Value condition, Operand x, Operand y) {
  Type type = common(x, y);
  return arith::SelectOp::create(b, loc, condition, as(x, type), as(y, type));
}

Value TileBuilder::convert(Value x, Type element) {
  Type from = getElementTypeOrSelf(x);
  if (from == element)
    return x;
  Type type = isa<RankedTensorType>(x.getType()) ? static_cast<Type>(typeLike(x, element)) : element;
  bool widens = from.getIntOrFloatBitWidth() < element.getIntOrFloatBitWidth();
  if (isa<IntegerType>(from))
    return widens ? arith::ExtUIOp::create(b, loc, type, x).getResult() : arith::TruncIOp::create(b, loc, type, x);
  if (widens)
    return arith::ExtFOp::create(b, loc, type, x);
  return arith::TruncFOp::create(b, loc, type, x);
}

Value TileBuilder::bitcast(Value x, Type element) { return arith::BitcastOp::create(b, loc, typeLike(x, element), x); }

Value TileBuilder::toFloat(Value x, Type element) {
  Type type = isa<RankedTensorType>(x.getType()) ? static_cast<Type>(typeLike(x, element)) : element;
  return arith::SIToFPOp::create(b, loc, type, x);
}

Values TileBuilder::delinearize(Value i, ArrayRef<int64_t> bases) {
  Values digits(bases.size());
  for (size_t dim = bases.size(); dim-- > 1;) {
    digits[dim] = bases[dim] == 1 ? i32(0) : rem(i, bases[dim]);
    i = bases[dim] == 1 ? i : div(i, bases[dim]);
  }
  digits[0] = i;
  return digits;
}

//===-- Tiles ------------------------------------------------------------===//

Operand TileBuilder::rows(Value view) {
  auto type = cast<tile::ViewType>(view.getType());
  if (!type.getVarlen())
    return type.getShape()[2];
  return Value(tile::RowsOp::create(b, loc, b.getI32Type(), view));
}

Value TileBuilder::blockId() { return tile::BlockIdOp::create(b, loc, b.getI32Type()); }

Value TileBuilder::range(int64_t size, Attribute layout) {
  return tile::RangeOp::create(b, loc, tile::tileType({size}, b.getI32Type(), layout));
}

Value TileBuilder::expand(Value slice, RankedTensorType type) {
  return tile::ExpandOp::create(b, loc, type.clone(getElementTypeOrSelf(slice)), slice);
}

RankedTensorType TileBuilder::typeLike(Value like, Type element) {
  return cast<RankedTensorType>(like.getType()).clone(element);
}

Value TileBuilder::reduce(tile::Reduction kind, Value x) {
  auto type = cast<RankedTensorType>(x.getType());
  auto result = tile::tileType({type.getDimSize(0)}, type.getElementType(), tile::rowSlice(type.getEncoding()));
  return tile::ReduceOp::create(b, loc, result, kind, x);
}

Value TileBuilder::columns(Value x, int64_t first, int64_t count) {
  auto type = cast<RankedTensorType>(x.getType());
  RankedTensorType result = tile::tileType({type.getDimSize(0), count}, type.getElementType(), type.getEncoding());
  return tile::ColumnsOp::create(b, loc, result, x, first);
}
Value TileBuilder::fold(tile::Reduction kind, Value x) {
  auto type = cast<RankedTensorType>(x.getType());
  RankedTensorType result = tile::tileType({type.getDimSize(0), 8}, type.getElementType(), type.getEncoding());
  return tile::ReduceOp::create(b, loc, result, kind, x);
}
Value TileBuilder::keep(tile::Triangle side, Value x, Value diagonal, double otherwise) {
  return tile::KeepOp::create(b, loc, x.getType(), side, x, diagonal, llvm::APFloat(static_cast<float>(otherwise)));
}

Value TileBuilder::any(Value mask) { return tile::AnyOp::create(b, loc, b.getI1Type(), mask); }

Value TileBuilder::load(Type result, Value view, ValueRange at, Value mask) {
  return tile::LoadOp::create(b, loc, result, view, at, mask);
}
void TileBuilder::store(Value value, Value view, ValueRange at, Value mask) {
  tile::StoreOp::create(b, loc, value, view, at, mask);
}
Value TileBuilder::alloc(ArrayRef<int64_t> shape, Type element) {
  return tile::AllocOp::create(b, loc, tile::SharedType::get(b.getContext(), shape, element));
}
Value TileBuilder::alias(Value shared, ArrayRef<int64_t> shape, Type element) {
  return alias(shared, tile::SharedType::get(b.getContext(), shape, element));
}
Value TileBuilder::alias(Value shared, tile::SharedType type) { return tile::AliasOp::create(b, loc, type, shared); }
Value TileBuilder::choose(Value first, Value second, Value number) {
  return first == second ? first : tile::ChooseOp::create(b, loc, first.getType(), first, second, number).getResult();
}
Value TileBuilder::read(Type result, Value shared, bool transposed) {
  return tile::ReadOp::create(b, loc, result, shared, Value(), Value(), transposed);
}
Value TileBuilder::readFrom(Type result, Value shared, Value first) {
  return tile::ReadOp::create(b, loc, result, shared, Value(), first, /*transposed=*/false);
}
void TileBuilder::write(Value value, Value shared) { tile::WriteOp::create(b, loc, value, shared, Value(), Value()); }
Value TileBuilder::readAt(Value shared, Operand at) {
  Value index = at.value ? at.value : i32(static_cast<int64_t>(at.constant));
  Type element = cast<tile::SharedType>(shared.getType()).getElementType();
  Type result = isa<RankedTensorType>(index.getType()) ? static_cast<Type>(typeLike(index, element)) : element;
  return tile::ReadOp::create(b, loc, result, shared, index, Value(), /*transposed=*/false);
}
void TileBuilder::writeAt(Value value, Value shared, Operand at, Value mask) {
  tile::WriteOp::create(b, loc, value, shared, as(at, typeLike(value, b.getI32Type())), mask);
}
void TileBuilder::count(Value shared, Value at, Value mask) { tile::CountOp::create(b, loc, shared, at, mask); }
std::pair<Value, Value> TileBuilder::scan(Value x) {
  auto op = tile::ScanOp::create(b, loc, x.getType(), b.getI32Type(), x);
  return {op.getBefore(), op.getTotal()};
}
void TileBuilder::fill(Operand value, Value view, ValueRange at, int64_t count) {
  tile::FillOp::create(b, loc, as(value, b.getI32Type()), view, at, count);
}
void TileBuilder::copy(Value view, ValueRange at, Operand limit, Value shared, int64_t step) {
  tile::CopyOp::create(b, loc, view, at, as(limit, b.getI32Type()), shared, step);
}
void TileBuilder::commit() { tile::CommitOp::create(b, loc); }
void TileBuilder::wait(int64_t pending) { tile::WaitOp::create(b, loc, pending); }
void TileBuilder::barrier() { tile::BarrierOp::create(b, loc); }

Value TileBuilder::dot(Value left, Value right, Value acc, bool transposed, bool aTransposed) {
  return tile::DotOp::create(b, loc, acc.getType(), left, right, acc, transposed, aTransposed);
}

//===-- Roles, rings, products that run by themselves --------------------===//

void TileBuilder::roles(ArrayRef<Role> roles) {
  SmallVector<int64_t> threads, registers;
  for (const Role &role : roles) {
    threads.push_back(role.threads);
    registers.push_back(role.registers);
  }
  auto op = tile::RolesOp::create(b, loc, threads, registers, roles.size());
  OpBuilder::InsertionGuard guard(b);
  for (auto [role, region] : llvm::zip_equal(roles, op.getBodies())) {
    Block *body = b.createBlock(&region, {}, b.getI32Type(), loc);
    role.body(body->getArgument(0));
  }
}

tile::SharedType TileBuilder::panels(ArrayRef<int64_t> shape, Type element) {
  return tile::SharedType::get(b.getContext(), shape, element, true);
}
Value TileBuilder::alloc(tile::SharedType type) { return tile::AllocOp::create(b, loc, type); }
Value TileBuilder::ring(int64_t stages, tile::SharedType type, int64_t readers, Value along) {
  return tile::RingOp::create(b, loc, tile::RingType::get(b.getContext(), stages, type), readers, along);
}
void TileBuilder::fetch(Value view, ValueRange at, Value ring, Operand number) {
  tile::FetchOp::create(b, loc, view, at, ring, as(number, b.getI32Type()));
}
Value TileBuilder::receive(Value ring, Operand number) {
  return tile::ReceiveOp::create(b, loc, cast<tile::RingType>(ring.getType()).getTile(), ring,
                                 as(number, b.getI32Type()));
}
void TileBuilder::release(Value ring, Operand number) {
  tile::ReleaseOp::create(b, loc, ring, as(number, b.getI32Type()));
}
Value TileBuilder::panel(Value shared, Operand number) {
  auto type = cast<tile::SharedType>(shared.getType());
  tile::SharedType result = panels({type.getShape()[0], type.panelColumns()}, type.getElementType());
  return tile::PanelOp::create(b, loc, result, shared, as(number, b.getI32Type()));
}
Value TileBuilder::dotAsync(RankedTensorType result, Value left, Value right, int transposed, Value acc) {
  return tile::DotAsyncOp::create(b, loc, tile::PendingType::get(b.getContext(), result), left, right, acc,
                                  (transposed & Left) != 0, (transposed & Right) != 0);
}
Value TileBuilder::await(Value pending) {
  return tile::AwaitOp::create(b, loc, cast<tile::PendingType>(pending.getType()).getTile(), pending);
}
void TileBuilder::meet(Operand number, int64_t threads) {
  tile::MeetOp::create(b, loc, as(number, b.getI32Type()), threads);
}
void TileBuilder::signal(Operand number, int64_t threads) {
  tile::SignalOp::create(b, loc, as(number, b.getI32Type()), threads);
}
void TileBuilder::publish() { tile::PublishOp::create(b, loc); }
void TileBuilder::send(Value shared, Value view, ValueRange at, bool add) {
  tile::SendOp::create(b, loc, shared, view, at, add);
}
void TileBuilder::drain() { tile::DrainOp::create(b, loc); }

//===-- Control ----------------------------------------------------------===//

void TileBuilder::loop(Operand from, Operand to, Operand step, Body body) {
  loop(from, to, step, ValueRange(), [&](Value iv, ValueRange) -> Values {
    body(iv);
    return {};
  });
}

Values TileBuilder::loop(Operand from, Operand to, Operand step, ValueRange initial, CarriedBody body) {
  Type type = b.getI32Type();
  auto op = scf::ForOp::create(b, loc, as(from, type), as(to, type), as(step, type), initial);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(op.getBody());
  Values yielded = body(op.getInductionVar(), op.getRegionIterArgs());
  if (!initial.empty())
    scf::YieldOp::create(b, loc, yielded);
  return Values(op.getResults());
}

Values TileBuilder::repeat(ValueRange initial, function_ref<Values(ValueRange carried)> body) {
  auto op = scf::WhileOp::create(
      b, loc, initial.getTypes(), initial,
      [&](OpBuilder &, Location, ValueRange carried) {
        Values next = body(carried);
        Value again = next.pop_back_val();
        scf::ConditionOp::create(b, loc, again, next);
      },
      [&](OpBuilder &, Location, ValueRange carried) { scf::YieldOp::create(b, loc, carried); });
  return Values(op.getResults());
}

void TileBuilder::ifThen(Value condition, function_ref<void()> body) {
  auto op = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op.thenBlock()->getTerminator());
  body();
}

Value TileBuilder::changeIf(Value condition, Value value, function_ref<Value()> change) {
  auto op = scf::IfOp::create(b, loc, value.getType(), condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(op.elseBlock());
  scf::YieldOp::create(b, loc, value);
  b.setInsertionPointToEnd(op.thenBlock());
  scf::YieldOp::create(b, loc, change());
  return op.getResult(0);
}

} // namespace lighthouse::cuda
