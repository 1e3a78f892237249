// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic: an op on tiles is the same op on each register. And what goes along rows and columns.
#include "compiler/Cuda/Lowering.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace lighthouse::cuda {

/// The op on scalars: same name and properties.
static Value cloneScalar(Simt &s, Operation *op, ValueRange operands) {
  Type type = registerType(op->getResult(0).getType());
  Operation *scalar = Operation::create(s.loc, op->getName(), type, operands, op->getDiscardableAttrDictionary(),
                                        op->getPropertiesStorage(), BlockRange(), 0);
  return s.b.insert(scalar)->getResult(0);
}

static Values lowerConstant(Lowering &l, arith::ConstantOp op) {
  TypedAttr value = op.getValue();
  if (auto dense = dyn_cast<SplatElementsAttr>(value))
    value = dense.getSplatValue<TypedAttr>();
  if (isPacked(getElementTypeOrSelf(op.getType()))) { // twice in a word
    uint64_t bits = cast<FloatAttr>(value).getValue().bitcastToAPInt().getZExtValue();
    value = l.s.b.getI32IntegerAttr(static_cast<int32_t>(bits * 0x10001));
  }
  Value scalar = arith::ConstantOp::create(l.s.b, l.s.loc, value);
  return Values(numRegisters(op.getType()), scalar);
}

/// exp2 and log2 of float32 by the approximate instructions, which flush denormals.
static Values lowerApproximate(Lowering &l, Operation *op, StringRef name) {
  Values result;
  for (Value x : l.of(op->getOperand(0)))
    result.push_back(l.s.intrinsic(name, l.s.f32, {x}));
  return result;
}

static Values packAll(Lowering &l, Operation *op) {
  const Values &wide = l.of(op->getOperand(0));
  Values result;
  for (size_t i = 0; i < wide.size(); i += 2)
    result.push_back(l.s.pack(wide[i], wide[i + 1], getElementTypeOrSelf(op->getResult(0))));
  return result;
}

static Values unpackAll(Lowering &l, Operation *op) {
  Values result;
  for (Value word : l.of(op->getOperand(0))) {
    auto [low, high] = l.s.unpack(word, getElementTypeOrSelf(op->getOperand(0)));
    result.append({low, high});
  }
  return result;
}

/// Between tiles of 16 bits, by a condition that neighbours share: a scalar, or one expanded from rows.
static LogicalResult lowerPackedSelect(Lowering &l, arith::SelectOp op) {
  const Values &conditions = l.of(op.getCondition()), &yes = l.of(op.getTrueValue()), &no = l.of(op.getFalseValue());
  Values result;
  for (size_t i = 0; i < yes.size(); ++i) {
    Value condition = conditions.size() == 1 ? conditions.front() : conditions[2 * i];
    if (conditions.size() != 1 && conditions[2 * i + 1] != condition)
      return op.emitOpError("expects the same condition for neighbours of 16 bits");
    result.push_back(l.s.select(condition, yes[i], no[i]));
  }
  return l.set(op.getResult(), std::move(result)), success();
}

LogicalResult Lowering::lowerElements(Operation *op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    if (isa<RankedTensorType>(constant.getType()) && !isa<SplatElementsAttr>(constant.getValue()))
      return op->emitOpError("expects a splat for a tile, but got ") << constant.getValue();
    return set(op->getResult(0), lowerConstant(*this, constant)), success();
  }
  if (op->getNumResults() != 1 || !op->hasTrait<OpTrait::Elementwise>())
    return op->emitOpError("expects to be a word of a tile program or arithmetic on its elements");
  Type from = getElementTypeOrSelf(op->getOperand(0)), to = getElementTypeOrSelf(op->getResult(0));
  if (isa<arith::TruncFOp>(op) && isPacked(to) && from.isF32())
    return set(op->getResult(0), packAll(*this, op)), success();
  if (isa<arith::ExtFOp>(op) && isPacked(from) && to.isF32())
    return set(op->getResult(0), unpackAll(*this, op)), success();
  if (auto select = dyn_cast<arith::SelectOp>(op); select && isPacked(to))
    return lowerPackedSelect(*this, select);
  if (isPacked(to) || isPacked(from))
    return op->emitOpError("expects 16-bit elements to be converted to f32 first, but got ") << from;
  if (isa<math::Exp2Op>(op) && to.isF32())
    return set(op->getResult(0), lowerApproximate(*this, op, "llvm.nvvm.ex2.approx.ftz")), success();
  if (isa<math::Log2Op>(op) && to.isF32())
    return set(op->getResult(0), lowerApproximate(*this, op, "llvm.nvvm.lg2.approx.ftz.f")), success();

  Values result;
  int64_t count = numRegisters(op->getResult(0).getType());
  for (int64_t i = 0; i < count; ++i) {
    Values operands;
    for (Value operand : op->getOperands()) {
      const Values &regs = of(operand);
      operands.push_back(regs.size() == 1 ? regs.front() : regs[i]); // a condition may be a scalar
    }
    result.push_back(cloneScalar(s, op, operands));
  }
  set(op->getResult(0), std::move(result));
  return success();
}

void Lowering::lowerRange(tile::RangeOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  tile::Distribution where = tile::Distribution::of(type);
  auto slice = dyn_cast<tile::SliceAttr>(type.getEncoding());
  bool byColumn = slice && slice.getDim() == 0;
  Value first = byColumn ? threadColumn(type.getEncoding()) : threadRow(type.getEncoding());
  Values result;
  for (auto [i, j] : where.elements)
    result.push_back(s.add(first, byColumn ? where.columns[j] : where.rows[i]));
  set(op.getResult(), std::move(result));
}

void Lowering::lowerExpand(tile::ExpandOp op) {
  auto type = cast<RankedTensorType>(op.getResult().getType());
  auto slice = cast<tile::SliceAttr>(cast<RankedTensorType>(op.getSource().getType()).getEncoding());
  const Values &source = of(op.getSource());
  Values result;
  for (auto [i, j] : tile::Distribution::of(type).elements)
    result.push_back(source[slice.getDim() == 1 ? i : j]);
  set(op.getResult(), std::move(result));
}

static Value combine(Simt &s, tile::Reduction kind, Value x, Value y) {
  switch (kind) {
  case tile::Reduction::Add:
    return arith::AddFOp::create(s.b, s.loc, x, y);
  case tile::Reduction::Max:
    return arith::MaxNumFOp::create(s.b, s.loc, x, y);
  case tile::Reduction::Maximum:
    return arith::MaximumFOp::create(s.b, s.loc, x, y);
  case tile::Reduction::Minimum:
    return arith::MinimumFOp::create(s.b, s.loc, x, y);
  }
  llvm_unreachable("unknown reduction");
}

void Lowering::lowerColumns(tile::ColumnsOp op) {
  tile::Distribution where = tile::Distribution::of(cast<RankedTensorType>(op.getSource().getType()));
  int64_t first = op.getFirst(), end = first + cast<RankedTensorType>(op.getType()).getDimSize(1);
  Values result;
  for (auto [e, at] : llvm::enumerate(where.elements))
    if (int64_t column = where.columns[at.second]; first <= column && column < end)
      result.push_back(of(op.getSource())[e]);
  set(op.getResult(), std::move(result));
}

/// Every eighth column: a thread's own elements of each row, two columns apart.
static Values fold(Simt &s, tile::Reduction kind, const tile::Distribution &where, const Values &source) {
  Values result(where.rows.size() * 2);
  for (auto [e, at] : llvm::enumerate(where.elements)) {
    Value &sum = result[at.first * 2 + at.second % 2];
    sum = sum ? combine(s, kind, sum, source[e]) : source[e];
  }
  return result;
}

void Lowering::lowerReduce(tile::ReduceOp op) {
  auto type = cast<RankedTensorType>(op.getSource().getType());
  tile::Distribution where = tile::Distribution::of(type);
  const Values &source = of(op.getSource());
  if (cast<RankedTensorType>(op.getType()).getRank() == 2)
    return set(op.getResult(), fold(s, op.getKind(), where, source));
  Values result(where.rows.size());
  for (auto [e, at] : llvm::enumerate(where.elements)) {
    Value &row = result[at.first];
    row = row ? combine(s, op.getKind(), row, source[e]) : source[e];
  }
  // The lanes that hold the other parts of a row are neighbours.
  auto rows = dyn_cast<tile::RowsAttr>(type.getEncoding());
  int64_t lanes = rows ? rows.getLanes() : 4;
  for (Value &row : result)
    for (int64_t mask = 1; mask < lanes; mask *= 2)
      row = combine(s, op.getKind(), row, s.shuffleXor(row, mask));
  set(op.getResult(), std::move(result));
}

void Lowering::lowerAny(tile::AnyOp op) {
  Value any;
  for (Value each : of(op.getMask()))
    any = any ? s.bitOr(any, each) : each;
  int64_t threads = op->getParentOfType<tile::KernelOp>().getThreads();
  if (threads == 32)
    any = s.intrinsic("llvm.nvvm.vote.any.sync", s.i1, {s.constant(-1), any});
  else // Of the name barrier.cta.red from PTX 7.8 on only.
    any = s.inlineAsm({s.i1}, {any}, "barrier.red.or.pred $0, 0, $1;", "=b,b,~{memory}", true).front();
  set(op.getResult(), {any});
}

void Lowering::lowerKeep(tile::KeepOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  tile::Distribution where = tile::Distribution::of(type);
  // Column `threadColumn + c` against row `threadRow + r`: c against what is the same for all of a row.
  Value rest = s.sub(s.add(threadRow(type.getEncoding()), scalar(op.getDiagonal())), threadColumn(type.getEncoding()));
  Values limits;
  for (int64_t row : where.rows)
    limits.push_back(s.add(rest, row));
  Value otherwise = arith::ConstantOp::create(s.b, s.loc, op.getOtherwiseAttr());
  bool lower = op.getSide() == tile::Triangle::Lower;
  Values result;
  for (auto [element, at] : llvm::zip_equal(of(op.getSource()), where.elements)) {
    Value column = s.constant(where.columns[at.second]), limit = limits[at.first];
    Value beyond = lower ? s.less(limit, column) : s.less(column, limit);
    result.push_back(s.select(beyond, otherwise, element));
  }
  set(op.getResult(), std::move(result));
}

} // namespace lighthouse::cuda
