// SPDX-License-Identifier: Apache-2.0
//
// Selected rows for attention on sm_90a, straight from the tokens and the coarse levels.
#include "compiler/Cuda/Hopper.h"

using namespace mlir;

namespace lighthouse::cuda {

LogicalResult SelectedRows::check() {
  for (Value pyramid : gather.getOperands().drop_back())
    if (!pyramid.getDefiningOp<StackOp>())
      return gather.emitOpError("expects a pyramid to be a lighthouse.stack of its tokens and coarse levels, but got ")
             << pyramid;
  return success();
}

Value SelectedRows::entries(Value first, int64_t count) {
  constexpr int64_t threads = 128;
  Value slot = t.add(t.range(llvm::alignTo(count, threads), tile::LinearAttr::get(t.b.getContext(), threads)), first);
  Value inside = t.less(slot, shapeOf(gather.getIndices())[2]);
  Value entry = t.load(slot.getType(), c.view(gather.getIndices()), {batch, head, slot}, inside);
  return t.select(inside, entry, -1);
}

void SelectedRows::fetch(Value pyramid, Value entries, Value ring, Operand number) {
  auto stack = pyramid.getDefiningOp<StackOp>();
  Value from = t.div(head, shapeOf(gather.getQs())[1] / shapeOf(pyramid)[1]);
  t.fetchRows(c.view(stack.getTokens()), c.view(stack.getCoarse()), pyramidOf(pyramid).getPaddedLen(), {batch, from},
              entries, ring, number);
}

} // namespace lighthouse::cuda
