// SPDX-License-Identifier: Apache-2.0
//
// What stages and kernels cost: floating-point operations and bytes, whatever the target.
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/Dialect/UB/IR/UBOps.h"

using namespace mlir;

namespace lighthouse {

static RankedTensorType tensorOf(Value value) { return cast<RankedTensorType>(value.getType()); }
static double elementsOf(Value value) { return static_cast<double>(tensorOf(value).getNumElements()); }
static int64_t bytesOf(Value value) {
  RankedTensorType type = tensorOf(value);
  return type.getNumElements() * type.getElementTypeBitWidth() / 8;
}

/// Elements of a tensor of rows, had it so many rows.
static double withRows(Value value, double rows) {
  return elementsOf(value) / static_cast<double>(tensorOf(value).getDimSize(2)) * rows;
}

/// Causal products of rows with rows, a multiplication and an addition each.
static double productsOf(Value queries, int count) {
  double rows = static_cast<double>(tensorOf(queries).getDimSize(2));
  return count * 2.0 * withRows(queries, rows * (rows + 1) / 2);
}

/// Positions that the rows of a sub-sequence are added to, over all rows: the row of a window of c tokens to c of them.
static double positionsOf(PyramidAttr pyramid, Value rows) {
  int64_t levels = pyramid.getNumLevels(), coarsest = pyramid.numWindows(levels - 1);
  if (levels == 1)
    return static_cast<double>(coarsest);
  int64_t finer = (tensorOf(rows).getDimSize(2) - coarsest) / (levels - 1); // of each other level
  double positions = static_cast<double>(coarsest * pyramid.windowLength(levels - 1));
  for (int64_t level = 0; level + 1 < levels; ++level)
    positions += static_cast<double>(finer * pyramid.windowLength(level));
  return positions;
}

//===-- Forward ----------------------------------------------------------===//

double PoolOp::getFlops() {
  double flops = 0;
  for (Value result : getResults()) {
    PyramidAttr pyramid = pyramidOf(result);
    // A window's rows of the level below are added up and scaled.
    int64_t read = pyramid.numEntries() - pyramid.numWindows(pyramid.getNumLevels() - 1);
    flops += withRows(result, static_cast<double>(read));
  }
  return flops;
}

double ScoreOp::getFlops() {
  double flops = 0;
  for (Value pyramid : getOperands())
    flops += 2 * withRows(pyramid, static_cast<double>(pyramidOf(pyramid).getSeqLen()));
  return flops;
}

/// A token's state takes D^2 multiplications and additions of k v^T and D^2 multiplications by the decay, its output
/// D^2 of both, twice.
double GlaSquaresOp::getFlops() {
  double elements = elementsOf(getQ()), columns = static_cast<double>(tensorOf(getV()).getDimSize(3));
  return 2 * elements * (5 * columns + 2);
}

double PartNormsOp::getFlops() { return 2 * (elementsOf(getOq()) - elementsOf(getTq())); }

double SelectOp::getFlops() { return 0; }
double GatherOp::getFlops() { return 0; }
double AttendOp::getFlops() { return productsOf(getOs(), 2); }
double DilateOp::getFlops() { return 0; }
double TokenNormOp::getFlops() { return 2 * elementsOf(getRows()); }
double MaxPoolOp::getFlops() { return 0; }
double ScatterOp::getFlops() { return withRows(getOs(), positionsOf(pyramidOf(getIndices()), getOs())); }

//===-- Adjoints ---------------------------------------------------------===//

double ScatterBackwardOp::getFlops() { return withRows(getDos(), positionsOf(pyramidOf(getIndices()), getDos())); }
double AttendBackwardOp::getFlops() { return productsOf(getQs(), 5); }
double AttendBackwardKeysOp::getFlops() { return productsOf(getQs(), 4); }
double AttendBackwardJoinedOp::getFlops() { return productsOf(getQs(), 5); }
double AttendBackwardQueriesOp::getFlops() { return productsOf(getQs(), 3); }
double RowDotOp::getFlops() { return 2 * elementsOf(getA()); }
double RoundOp::getFlops() { return 0; }
double SumPartsOp::getFlops() { return elementsOf(getSplit()) - elementsOf(getSum()); }

/// Gradients of keys and values are summed over a group of query heads. A kernel of some gradients has no other.
double GatherBackwardOp::getFlops() {
  double flops = 0;
  for (Value rows : {getDks(), getDvs()})
    if (tensorOf(rows).getDimSize(1) > static_cast<int64_t>(getNumKvHeads()) && !rows.getDefiningOp<ub::PoisonOp>())
      flops += elementsOf(rows);
  return flops;
}

/// A token scales and adds a gradient of each level.
double PoolBackwardOp::getFlops() {
  double flops = 0;
  for (auto [gradient, result] : llvm::zip_equal(getOperands(), getResults()))
    if (!result.use_empty())
      flops += 2 * static_cast<double>(pyramidOf(gradient).getNumLevels()) * elementsOf(result);
  return flops;
}

//===-- Kernels ----------------------------------------------------------===//

double InvertOp::getFlops() { return 0; }

double KernelOp::getFlops() {
  double flops = 0;
  for (auto stage : getBody().getOps<Fusible>())
    flops += stage.getFlops();
  return flops;
}

/// Whether a value is read for the rows that gathers take, or asked how many it has, and nothing else.
static bool isGatheredFrom(Value value) {
  return !value.use_empty() && llvm::all_of(value.getUses(), [](OpOperand &use) {
    if (auto stack = dyn_cast<StackOp>(use.getOwner()))
      return isGatheredFrom(stack.getPyramid());
    if (auto pool = dyn_cast<MaxPoolOp>(use.getOwner()))
      return use.get() == pool.getTokens();
    auto gather = dyn_cast<GatherOp>(use.getOwner());
    return gather && use.get() != gather.getIndices();
  });
}

int64_t KernelOp::getMovedBytes() {
  int64_t bytes = 0;
  for (Value output : getOutputs())
    bytes += bytesOf(output);
  for (BlockArgument input : getBody().getArguments())
    if (!isGatheredFrom(input))
      bytes += bytesOf(input);
  for (auto gather : getBody().getOps<GatherOp>())
    for (Value rows : gather.getResults())
      bytes += bytesOf(rows);
  return bytes;
}

} // namespace lighthouse
