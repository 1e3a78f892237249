// SPDX-License-Identifier: Apache-2.0
//
// The region of score_by on a row of vectors: each op once for every chunk.
#include "compiler/Host/ScoreBy.h"

using namespace mlir;

namespace lighthouse::host {
namespace {

class ScoreEmitter {
public:
  ScoreEmitter(Emitter &e, ScoreByOp op, ValueRange query, ValueRange key)
      : e(e), op(op), chunks(e.chunks(shapeOf(op.getPq())[3])) {
    values[op.getBody().getArgument(ScoreByOp::Query)] = Values(query);
    values[op.getBody().getArgument(ScoreByOp::Key)] = Values(key);
  }

  Value emit(ScoreByOp::Side score) {
    for (Operation *each : op.opsOf(score))
      values[each->getResult(0)] = emit(each);
    return values[op.getScores()->getOperand(score)].front();
  }

private:
  Values emit(Operation *each) {
    if (auto reduction = dyn_cast<vector::ReductionOp>(each))
      return {reduce(reduction.getKind(), values[reduction.getVector()])};
    Values result;
    for (Type type : chunkTypes(each->getResult(0).getType()))
      result.push_back(part(each, type, result.size()));
    return result;
  }

  /// A vector's type for each chunk; a number's own.
  SmallVector<Type> chunkTypes(Type type) {
    if (!isa<VectorType>(type))
      return {type};
    return llvm::map_to_vector(
        chunks, [&](Chunk chunk) -> Type { return e.vectorType(chunk.width, getElementTypeOrSelf(type)); });
  }

  /// The op for one chunk.
  Value part(Operation *each, Type type, size_t chunk) {
    if (auto constant = dyn_cast<arith::ConstantOp>(each)) {
      TypedAttr value = constant.getValue();
      if (auto splat = dyn_cast<SplatElementsAttr>(value))
        value = splat.resizeSplat(cast<ShapedType>(type));
      return arith::ConstantOp::create(e.b, e.loc, value);
    }
    if (auto broadcast = dyn_cast<vector::BroadcastOp>(each))
      return vector::BroadcastOp::create(e.b, e.loc, type, values[broadcast.getSource()].front());
    Values operands =
        llvm::map_to_vector<6>(each->getOperands(), [&](Value operand) { return values[operand][chunk]; });
    Operation *made = Operation::create(e.loc, each->getName(), type, operands, each->getDiscardableAttrDictionary(),
                                        each->getPropertiesStorage(), BlockRange(), 0);
    return e.b.insert(made)->getResult(0);
  }

  /// First chunk by chunk, as far as these are of one width.
  Value reduce(vector::CombiningKind kind, ValueRange row) {
    Values folded; // one a width
    for (Value chunk : row) {
      if (folded.empty() || folded.back().getType() != chunk.getType())
        folded.push_back(chunk);
      else
        folded.back() = vector::makeArithReduction(e.b, e.loc, kind, folded.back(), chunk);
    }
    Value total;
    for (Value each : folded) {
      Value one = vector::ReductionOp::create(e.b, e.loc, kind, each, arith::FastMathFlags::reassoc);
      total = total ? vector::makeArithReduction(e.b, e.loc, kind, total, one) : one;
    }
    return total;
  }

  Emitter &e;
  ScoreByOp op;
  SmallVector<Chunk> chunks;
  DenseMap<Value, Values> values; ///< of the region: a vector's chunks, or one number
};

} // namespace

Value emitScoreBy(Emitter &e, ScoreByOp op, ScoreByOp::Side score, ValueRange query, ValueRange key) {
  return ScoreEmitter(e, op, query, key).emit(score);
}

} // namespace lighthouse::host
