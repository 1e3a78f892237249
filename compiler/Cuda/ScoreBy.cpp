// SPDX-License-Identifier: Apache-2.0
//
// The region of score_by on tiles of rows: a vector becomes a tile, a number one value a row.
#include "compiler/Cuda/ScoreBy.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;

namespace lighthouse::cuda {
namespace {

class ScoreEmitter {
public:
  ScoreEmitter(TileBuilder &t, ScoreByOp op, const RowTiles &tiles, Value query, Value key)
      : t(t), op(op), tiles(tiles), headDim(shapeOf(op.getPq())[3]) {
    values[op.getBody().getArgument(ScoreByOp::Query)] = query;
    values[op.getBody().getArgument(ScoreByOp::Key)] = key;
  }

  Value emit(ScoreByOp::Side score) {
    for (Operation *each : op.opsOf(score))
      values[each->getResult(0)] = emit(each);
    return values[op.getScores()->getOperand(score)];
  }

private:
  RankedTensorType typeOf(Value value) {
    Type element = getElementTypeOrSelf(value);
    return isa<VectorType>(value.getType()) ? tiles.type(element)
                                            : tile::tileType({tiles.rows}, element, tile::rowSlice(tiles.layout));
  }

  Value emit(Operation *each) {
    if (auto reduction = dyn_cast<vector::ReductionOp>(each))
      return reduce(reduction.getKind(), values[reduction.getVector()]);
    RankedTensorType type = typeOf(each->getResult(0));
    if (auto broadcast = dyn_cast<vector::BroadcastOp>(each))
      return t.expand(values[broadcast.getSource()], type);
    if (auto constant = dyn_cast<arith::ConstantOp>(each)) {
      auto splat = dyn_cast<SplatElementsAttr>(constant.getValue());
      Attribute value = splat ? splat.getSplatValue<Attribute>() : constant.getValue();
      return arith::ConstantOp::create(t.b, t.loc, DenseElementsAttr::get(type, value));
    }
    Values operands = llvm::map_to_vector<6>(each->getOperands(), [&](Value operand) { return values[operand]; });
    Operation *made = Operation::create(t.loc, each->getName(), type, operands, each->getDiscardableAttrDictionary(),
                                        each->getPropertiesStorage(), BlockRange(), 0);
    return t.b.insert(made)->getResult(0);
  }

  Value reduce(vector::CombiningKind kind, Value row) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    switch (kind) {
    case vector::CombiningKind::ADD:
      return t.reduce(tile::Reduction::Add, real(row, 0));
    case vector::CombiningKind::MAXIMUMF:
      return t.reduce(tile::Reduction::Maximum, real(row, -kInfinity));
    case vector::CombiningKind::MINIMUMF:
      return t.reduce(tile::Reduction::Minimum, real(row, kInfinity));
    default:
      llvm_unreachable("refused by the verifier");
    }
  }

  /// A tile may have more columns than a row has elements.
  Value real(Value row, double otherwise) {
    if (tiles.columns == headDim)
      return row;
    auto columns = tile::SliceAttr::get(t.b.getContext(), 0, tiles.layout);
    Value inside = t.less(t.range(tiles.columns, columns), headDim);
    return t.select(t.expand(inside, cast<RankedTensorType>(row.getType())), row, otherwise);
  }

  TileBuilder &t;
  ScoreByOp op;
  const RowTiles &tiles;
  const int64_t headDim;
  DenseMap<Value, Value> values; ///< of the region
};

} // namespace

Value emitScoreBy(TileBuilder &t, ScoreByOp op, ScoreByOp::Side score, const RowTiles &tiles, Value query, Value key) {
  return ScoreEmitter(t, op, tiles, query, key).emit(score);
}

} // namespace lighthouse::cuda
