// SPDX-License-Identifier: Apache-2.0
//
// One or a few ops a node: elements in f32, sums in f64.
#include "lighthouse_ops/ScoreRegion.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace lighthouse {
namespace {

using Kind = ScoreExpression::Kind;
using Node = ScoreExpression::Node;

class RegionBuilder {
public:
  RegionBuilder(ImplicitLocOpBuilder &builder, Block &block)
      : b(builder), block(block), vector(cast<VectorType>(block.getArgument(0).getType())) {}

  Value emit(const Node &node) {
    switch (node.kind) {
    case Kind::Query:
      return block.getArgument(ScoreByOp::Query);
    case Kind::Key:
      return block.getArgument(ScoreByOp::Key);
    case Kind::Constant:
      return arith::ConstantOp::create(b, b.getF32FloatAttr(node.constant));
    case Kind::Negate:
      return arith::NegFOp::create(b, values[node.left]);
    case Kind::Abs:
      return math::AbsFOp::create(b, values[node.left]);
    case Kind::Exp:
      return math::ExpOp::create(b, values[node.left]);
    case Kind::Log:
      return math::LogOp::create(b, values[node.left]);
    case Kind::Sqrt:
      return math::SqrtOp::create(b, values[node.left]);
    case Kind::Square:
      return arith::MulFOp::create(b, values[node.left], values[node.left]);
    case Kind::Sum:
      return narrow(sum(wide(values[node.left])));
    case Kind::Mean:
      return narrow(arith::MulFOp::create(b, sum(wide(values[node.left])), reciprocal()));
    case Kind::Norm: {
      Value row = wide(values[node.left]); // In f64 the squares of f32 values are exact.
      return narrow(math::SqrtOp::create(b, sum(arith::MulFOp::create(b, row, row))));
    }
    case Kind::Max:
      return vector::ReductionOp::create(b, vector::CombiningKind::MAXIMUMF, values[node.left]);
    case Kind::Min:
      return vector::ReductionOp::create(b, vector::CombiningKind::MINIMUMF, values[node.left]);
    case Kind::Maximum:
      return binary<arith::MaximumFOp>(node);
    case Kind::Minimum:
      return binary<arith::MinimumFOp>(node);
    case Kind::Add:
      return binary<arith::AddFOp>(node);
    case Kind::Sub:
      return binary<arith::SubFOp>(node);
    case Kind::Mul:
      return binary<arith::MulFOp>(node);
    case Kind::Div:
      return binary<arith::DivFOp>(node);
    }
    llvm_unreachable("unknown kind of node");
  }

  SmallVector<Value> values; ///< of the nodes so far

private:
  template <typename Op> Value binary(const Node &node) {
    return Op::create(b, elements(node.left, node), elements(node.right, node));
  }
  /// A number beside a vector stands for each element.
  Value elements(int operand, const Node &node) {
    Value value = values[operand];
    return node.is_vector && value.getType() != vector ? vector::BroadcastOp::create(b, vector, value) : value;
  }
  Value wide(Value row) { return arith::ExtFOp::create(b, vector.clone(b.getF64Type()), row); }
  Value narrow(Value number) { return arith::TruncFOp::create(b, b.getF32Type(), number); }
  Value sum(Value row) { return vector::ReductionOp::create(b, vector::CombiningKind::ADD, row); }
  Value reciprocal() {
    return arith::ConstantOp::create(b, b.getF64FloatAttr(1.0 / static_cast<double>(vector.getNumElements())));
  }

  ImplicitLocOpBuilder &b;
  Block &block;
  VectorType vector;
};

} // namespace

ScoreByOp buildScoreBy(ImplicitLocOpBuilder &builder, const ScoreExpression &expression, Value pq, Value pk) {
  auto op = ScoreByOp::create(builder, pq, pk);
  OpBuilder::InsertionGuard guard(builder);
  auto vector = VectorType::get(cast<RankedTensorType>(pq.getType()).getDimSize(3), builder.getF32Type());
  Block *block = builder.createBlock(&op.getBody(), {}, {vector, vector}, {op.getLoc(), op.getLoc()});
  RegionBuilder region(builder, *block);
  for (const Node &node : expression.nodes)
    region.values.push_back(region.emit(node));
  ScoresOp::create(builder, region.values[expression.query_score], region.values[expression.key_score]);
  return op;
}

} // namespace lighthouse
