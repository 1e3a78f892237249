// SPDX-License-Identifier: Apache-2.0
//
// Scatter as lookups: a position sums at most one row a level. Its adjoint: a row sums a run of gradients. And rows
// rounded, one by one.
#include "compiler/Host/Emitter.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace lighthouse::host {
namespace {

/// Positions, or slots, of a work item.
constexpr int64_t kBlockPositions = 256;
constexpr int64_t kBlockSlots = 128;

/// Calls body(batch, head, row) for the item's block of rows of a tensor [B, H, rows, D] that the kernel writes; gives
/// how many items there are.
int64_t forBlock(KernelContext &c, Value written, int64_t block, function_ref<void(Value, Value, Value)> body) {
  Emitter &e = c.e;
  ArrayRef<int64_t> shape = shapeOf(written);
  int64_t blocks = llvm::divideCeil(shape[2], block);
  Values at = e.delinearize(c.item, {shape[0], shape[1], blocks});
  Value first = e.mul(at[2], block), end = e.min(e.add(first, block), c.rows(written));
  e.loop(first, end, 1, [&](Value row) { body(at[0], at[1], row); });
  return shape[0] * shape[1] * blocks;
}

/// First of the positions that hear an entry, and how many these are (some may be N or above).
struct Positions {
  Value first, count;
};

Positions positionsOf(Emitter &e, PyramidAttr pyramid, Value entry) {
  Value begin = e.index(0), log2 = e.index(0);
  for (int64_t level = 1; level < pyramid.getNumLevels(); ++level) {
    Value reached = e.lessEqual(pyramid.levelBegin(level), entry);
    begin = e.select(reached, pyramid.levelBegin(level), begin);
    log2 = e.select(reached, llvm::Log2_64(pyramid.windowLength(level)), log2);
  }
  auto times = [&](Value x) { return arith::ShLIOp::create(e.b, e.loc, x, log2).getResult(); };
  Value window = e.sub(entry, begin);
  return {e.sub(times(e.add(window, 1)), 1), times(e.index(1))}; // w c + c - 1, c
}

} // namespace

FailureOr<int64_t> scheduleScatter(KernelContext &context) {
  Emitter &e = context.e;
  auto op = context.find<ScatterOp>();
  if (!op.getInverse())
    return op.emitOpError("expects an inverse selection (lighthouse-invert-selections makes it)");
  Value os = context.buffer(op.getOs()), slots = context.buffer(op.getIndices()), out = context.buffer(op.getOut());
  PyramidAttr pyramid = pyramidOf(op.getIndices());
  ArrayRef<int64_t> shape = shapeOf(op.getOut());
  return forBlock(context, op.getOut(), kBlockPositions, [&](Value batch, Value head, Value position) {
    Values sum = e.zeroRow(shape[3]);
    for (int64_t level = 0; level < pyramid.getNumLevels(); ++level) {
      int64_t length = pyramid.windowLength(level);
      auto keep = [&] { return sum; };
      auto addLevel = [&] {
        Value window = e.div(e.sub(position, length - 1), length);
        Value slot = e.load(slots, {batch, head, e.add(window, pyramid.levelBegin(level))});
        Value selected = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sge, slot, e.i32(0));
        return e.ifElse(
            selected, [&] { return e.addRows(sum, e.loadRow(os, {batch, head, e.toIndex(slot)}, shape[3])); }, keep);
      };
      sum = level == 0 ? addLevel() : e.ifElse(e.lessEqual(length - 1, position), addLevel, keep);
    }
    e.storeRow(sum, out, {batch, head, position}, shape[3]);
  });
}

FailureOr<int64_t> scheduleRound(KernelContext &context) {
  Emitter &e = context.e;
  auto op = context.find<RoundOp>();
  Value rows = context.buffer(op.getRows()), rounded = context.buffer(op.getRounded());
  int64_t headDim = shapeOf(op.getRows())[3];
  return forBlock(context, op.getRounded(), kBlockPositions, [&](Value batch, Value head, Value row) {
    e.storeRow(e.loadRow(rows, {batch, head, row}, headDim), rounded, {batch, head, row}, headDim);
  });
}

FailureOr<int64_t> scheduleScatterBackward(KernelContext &context) {
  Emitter &e = context.e;
  auto op = context.find<ScatterBackwardOp>();
  Value dout = context.buffer(op.getDout()), indices = context.buffer(op.getIndices()),
        dos = context.buffer(op.getDos());
  PyramidAttr pyramid = pyramidOf(op.getIndices());
  ArrayRef<int64_t> shape = shapeOf(op.getDos());
  return forBlock(context, op.getDos(), kBlockSlots, [&](Value batch, Value head, Value slot) {
    Positions heard = positionsOf(e, pyramid, e.toIndex(e.load(indices, {batch, head, slot})));
    Value end = e.min(e.add(heard.first, heard.count), context.rows(op.getDout()));
    Values sum = e.loop(heard.first, end, 1, e.zeroRow(shape[3]), [&](Value position, ValueRange carried) {
      return e.addRows(carried, e.loadRow(dout, {batch, head, position}, shape[3]));
    });
    e.storeRow(sum, dos, {batch, head, slot}, shape[3]);
  });
}

} // namespace lighthouse::host
