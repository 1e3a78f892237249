// SPDX-License-Identifier: Apache-2.0
//
// Causal attention forward: a block has a run of queries and goes through the keys they see, from the diagonal to the
// left, with an online softmax (Dao, FlashAttention-2, algorithm 1).
#include "compiler/Cuda/Attend.h"

#include <cmath>
#include <numbers>

using namespace mlir;

namespace lighthouse::cuda {

AttentionSizes::AttentionSizes(Value qs, Value ks, double scale)
    : batch(shapeOf(qs)[0]), heads(shapeOf(qs)[1]), kv_heads(shapeOf(ks)[1]), rows(shapeOf(qs)[2]),
      head_dim(shapeOf(qs)[3]), columns(llvm::alignTo(head_dim, 16)), element(getElementTypeOrSelf(qs)), scale(scale),
      scale_log2(scale * std::numbers::log2e) {}

Value sharedHead(TileBuilder &t, const AttentionSizes &sizes, Value head, Value tensor) {
  return t.div(head, sizes.heads / shapeOf(tensor)[1]);
}

AttentionBlocks::AttentionBlocks(KernelContext &context, int64_t warps, int64_t rows, int64_t columns)
    : warps(context.parameter("warps", warps, {2, 4, 8})), rows(context.parameter("block_rows", rows, {32, 64, 128})),
      columns(context.parameter("block_columns", columns, {16, 32, 48, 64, 96, 128})),
      layout(tile::MmaAttr::get(context.kernel.getContext(), this->warps)) {}

LogicalResult AttentionBlocks::check(lighthouse::KernelOp kernel) const {
  if (rows % (16 * warps) != 0)
    return kernel.emitOpError("expects schedule parameter block_rows to be a multiple of ")
           << 16 * warps << " (16 a warp), but got " << rows;
  if (columns % 16 != 0)
    return kernel.emitOpError("expects schedule parameter block_columns to be a multiple of 16, but got ") << columns;
  return success();
}

Value keyBlocks(TileBuilder &t, Value first, int64_t count, Operand rows, int64_t columns) {
  Value blocks = t.div(t.add(t.min(t.add(first, count), rows), columns - 1), columns);
  return rows.value ? t.select(t.less(first, rows), blocks, 1) : blocks;
}

/// log2 of x >= 1, exponent and mantissa apart: the instruction's error is 2^-22 below 2, and of the result above.
/// NaN stays NaN.
static Value log2OfSum(TileBuilder &t, Value x) {
  Value exponent = t.sub(t.shiftRight(t.bitcast(x, t.b.getI32Type()), 23), 127);
  Value mantissa = t.bitOr(t.bitAnd(t.bitcast(x, t.b.getI32Type()), 0x7fffff), 0x3f800000);
  return t.fma(x, 0.0, t.add(t.toFloat(exponent, t.b.getF32Type()), t.log2(t.bitcast(mantissa, t.b.getF32Type()))));
}

Value logSumExp(TileBuilder &t, Value largest, Value sum, double scale_log2) {
  // With the product rounded as in the weights that `sum` is of.
  return t.mul(t.add(t.mul(largest, scale_log2), log2OfSum(t, sum)), std::numbers::ln2);
}

namespace {

/// Rows of queries and keys by the bytes of a row: what 99 KiB of shared memory hold, and 255 registers.
AttentionBlocks forwardBlocks(KernelContext &context, const AttentionSizes &sizes) {
  if (sizes.element.isF32()) {
    if (sizes.columns > 128)
      return {context, 2, 32, 16};
    return {context, 4, 64, 32};
  }
  if (sizes.columns > 128)
    return {context, 4, 64, 32};
  return {context, 4, 128, sizes.columns > 64 ? 32 : 96};
}

class AttendSchedule {
public:
  AttendSchedule(KernelContext &context, AttendOp op)
      : c(context), t(context.t), op(op), sizes(op.getOs(), op.getKs(), op.getScale().convertToDouble()),
        blocks(forwardBlocks(context, sizes)), f32(t.b.getF32Type()), rows(t.rows(context.view(op.getQs()))) {}

  FailureOr<Grid> emit() {
    if (failed(blocks.check(c.kernel)))
      return failure();
    int64_t runs = llvm::divideCeil(sizes.rows, blocks.rows);
    // The runs that see the most keys first, of all heads.
    Values at = t.delinearize(t.blockId(), {runs, sizes.batch, sizes.heads});
    first = t.mul(t.sub(runs - 1, at[0]), blocks.rows);
    batch = at[1];
    head = at[2];
    qHead = sharedHead(t, sizes, head, op.getQs());
    kHead = sharedHead(t, sizes, head, op.getKs());
    vHead = sharedHead(t, sizes, head, op.getVs());
    q = t.alloc({blocks.rows, sizes.columns}, sizes.element);
    k = t.alloc({blocks.columns, sizes.columns}, sizes.element);
    v = t.alloc({blocks.columns, sizes.columns}, sizes.element);
    weightsOf.emplace(c, sizes, blocks);

    Value end = keyBlocks(t, first, blocks.rows, rows, blocks.columns);
    Value open = t.div(t.add(first, 1), blocks.columns); // blocks of keys that all queries see
    t.copy(c.view(op.getQs()), {batch, qHead, first}, rows, q);
    copyKeys(t.sub(end, 1));
    Values state = {t.constant(blocks.tile(f32, sizes.columns), 0), t.constant(blocks.row(f32), -INFINITY),
                    t.constant(blocks.row(f32), 0)};
    Value last = t.sub(end, 1);
    state = t.loop(0, end, 1, state, [&](Value i, ValueRange carried) {
      Value block = t.sub(last, i);
      return step(block, carried, t.lessEqual(open, block));
    });
    finish(state);
    return Grid{runs * sizes.batch * sizes.heads, blocks.warps * 32};
  }

private:
  void copyKeys(Value block) {
    t.copy(c.view(op.getKs()), {batch, kHead, t.mul(block, blocks.columns)}, rows, k);
    t.commit();
  }

  /// One block of keys; `masked`: not all queries see all of them. Carried: sums of values, largest scores, sums of
  /// weights.
  Values step(Value block, ValueRange carried, Value masked) {
    Value sums = carried[0], largest = carried[1], weights = carried[2];
    t.wait(0);
    t.barrier(); // The keys are here, and all are done with the values of the block before.
    t.copy(c.view(op.getVs()), {batch, vHead, t.mul(block, blocks.columns)}, rows, v);
    t.commit();
    RankedTensorType type = blocks.tile(f32, blocks.columns);
    Value scores = t.dot(q, k, t.constant(type, 0), /*transposed=*/true);
    t.wait(0);
    t.barrier(); // The values are here, and all are done with the keys.
    t.ifThen(t.less(0, block), [&] { copyKeys(t.sub(block, 1)); });
    scores = t.changeIf(masked, scores, [&] {
      return t.keep(tile::Triangle::Lower, scores, t.sub(first, t.mul(block, blocks.columns)), -INFINITY);
    });
    Value newLargest = t.maxNumber(largest, t.reduce(tile::Reduction::Max, scores));
    // A row may have seen no key yet.
    Value pivot = t.select(t.equal(newLargest, -INFINITY), 0.0, newLargest);
    Value scaled = t.mul(pivot, -sizes.scale_log2);
    // The difference first: where nothing larger has come, the factor is 1 exactly, however many blocks there are.
    Value decay = t.exp2(t.mul(t.sub(largest, pivot), sizes.scale_log2));
    Value p = t.exp2(t.fma(scores, sizes.scale_log2, t.expand(scaled, type)));
    weights = t.fma(weights, decay, t.reduce(tile::Reduction::Add, p));
    sums = t.mul(sums, t.expand(decay, blocks.tile(f32, sizes.columns)));
    sums = t.dot(weightsOf->operand(p), v, sums);
    return {sums, newLargest, weights};
  }

  void finish(ValueRange state) {
    Value query = t.add(t.range(blocks.rows, tile::rowSlice(blocks.layout)), first), inside = t.less(query, rows);
    Value inverse = t.div(t.constant(state[2].getType(), 1), state[2]);
    Value os = t.mul(state[0], t.expand(inverse, blocks.tile(f32, sizes.columns)));
    if (Value view = c.view(op.getOs()))
      t.store(t.convert(os, sizes.element), view, {batch, head, query}, inside);
    if (auto norms = c.find<TokenNormOp>())
      storeTokenNorms(c, norms, os, batch, head, query);
    if (Value view = c.view(op.getLse()))
      t.store(logSumExp(t, state[1], state[2], sizes.scale_log2), view, {batch, head, query}, inside);
  }

  KernelContext &c;
  TileBuilder &t;
  AttendOp op;
  AttentionSizes sizes;
  AttentionBlocks blocks;
  Type f32;
  const Operand rows;        ///< of the tensors
  Value batch, head, first;  ///< first: query
  Value qHead, kHead, vHead; ///< that `head` reads
  Value q, k, v;
  std::optional<Weights> weightsOf;
};

} // namespace

FailureOr<Grid> scheduleAttend(KernelContext &context) {
  return AttendSchedule(context, context.find<AttendOp>()).emit();
}

} // namespace lighthouse::cuda
