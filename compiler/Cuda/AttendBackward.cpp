// SPDX-License-Identifier: Apache-2.0
//
// Causal attention's backward (Dao, FlashAttention-2, algorithm 2) in two kernels, so that nothing is added by several
// blocks: one has a run of keys and goes through the queries that see them, one a run of queries and goes through the
// keys.
#include "compiler/Cuda/Attend.h"

#include <numbers>

using namespace mlir;

namespace lighthouse::cuda {
namespace {

/// Keys on the rows of the products: S^T = K Q^T and dP^T = V dO^T leave P^T and dS^T in the registers that dV += P^T
/// dO and dK += dS^T Q take them from.
class KeysSchedule {
public:
  KeysSchedule(KernelContext &context, AttendBackwardKeysOp op)
      : c(context), t(context.t), op(op), sizes(op.getQs(), op.getKs(), op.getScale().convertToDouble()),
        blocks(blocksFor(context, sizes, isStrided(context, op))), f32(t.b.getF32Type()),
        rows(t.rows(context.view(op.getQs()))), apart(sizes.columns > (sizes.element.isF32() ? 64 : 128)) {}

  FailureOr<Grid> emit() {
    if (failed(blocks.check(c.kernel)) || failed(Stream::check(c)))
      return failure();
    int64_t runs = llvm::divideCeil(sizes.rows, blocks.rows);
    // The first keys are seen by the most queries. Wide heads: a block for dV and one for dK, as a thread has registers
    // for one.
    Values at = t.delinearize(t.blockId(), {runs, apart ? 2 : 1, sizes.batch, sizes.kv_heads});
    first = t.mul(at[0], blocks.rows);
    batch = at[2];
    kvHead = at[3];
    k = t.alloc({blocks.rows, sizes.columns}, sizes.element);
    v = t.alloc({blocks.rows, sizes.columns}, sizes.element);
    auto run = tile::SharedType::get(t.b.getContext(), {blocks.columns, sizes.columns}, sizes.element);
    auto numbers = tile::SharedType::get(t.b.getContext(), {blocks.columns}, f32);
    stream.emplace(c, ArrayRef<tile::SharedType>{run, run, numbers, numbers},
                   2 * blocks.rows * sizes.rowBytes() + Weights::bytes(sizes, blocks));
    weights.emplace(c, sizes, blocks);
    t.copy(c.view(op.getKs()), {batch, kvHead, first}, rows, k);
    t.copy(c.view(op.getVs()), {batch, kvHead, first}, rows, v);
    t.commit();
    auto gradients = [&] {
      if (apart) {
        t.ifThen(t.equal(at[1], 0), [&] { emitGradients(false, true); });
        t.ifThen(t.equal(at[1], 1), [&] { emitGradients(true, false); });
      } else {
        emitGradients(true, true);
      }
    };
    if (rows.value) // Keys may be behind the last row, and then no query sees them.
      t.ifThen(t.less(first, rows), gradients);
    else
      gradients();
    return Grid{runs * (apart ? 2 : 1) * sizes.batch * sizes.kv_heads, blocks.warps * 32};
  }

private:
  static bool isStrided(KernelContext &context, AttendBackwardKeysOp op) {
    return cast<tile::ViewType>(context.view(op.getQs()).getType()).getStrided();
  }

  static AttentionBlocks blocksFor(KernelContext &context, const AttentionSizes &sizes, bool strided) {
    if (sizes.element.isF32()) {
      if (sizes.columns > 128)
        return {context, 2, 32, 16};
      return {context, 4, 64, 16};
    }
    if (sizes.columns > 128)
      return {context, 4, 64, 32};
    // Strides of each head that shares the keys take registers of some rows or columns.
    bool fewer = strided && sizes.group() > 1;
    if (sizes.columns > 64)
      return {context, 4, 64, fewer ? 32 : 48};
    if (fewer)
      return {context, 4, 64, 64};
    return {context, 4, 128, 32};
  }

  void emitGradients(bool withKeys, bool withValues) {
    wantsKeys = withKeys;
    wantsValues = withValues;
    Type type = blocks.tile(f32, sizes.columns);
    Values sums;
    for (bool wanted : {wantsKeys, wantsValues})
      if (wanted)
        sums.push_back(t.constant(type, 0));
    Value firstHead = t.mul(kvHead, sizes.group());
    auto ofHead = [&](Value each, ValueRange carried) -> Values {
      head = each;
      Value runs = t.div(t.add(rows, blocks.columns - 1), blocks.columns);
      Value begin = t.div(first, blocks.columns);
      // From here on all queries of a block see all keys of ours.
      Value open = t.min(t.div(t.add(first, blocks.rows - 1 + blocks.columns - 1), blocks.columns), runs);
      return stream->go(
          begin, runs, carried,
          [&](ArrayRef<Value> tiles, Value run) {
            Value query = t.mul(run, blocks.columns),
                  views[] = {c.view(op.getQs()), c.view(op.getDos()), c.view(op.getLse()), c.view(op.getDelta())};
            for (auto [view, tile] : llvm::zip_equal(views, tiles))
              t.copy(view, {batch, head, query}, rows, tile);
          },
          [&](ArrayRef<Value> tiles, Value run, ValueRange now) { return step(tiles, run, now, t.less(run, open)); });
    };
    if (sizes.group() == 1)
      sums = ofHead(firstHead, sums);
    else
      sums = t.loop(firstHead, t.add(firstHead, sizes.group()), 1, sums, ofHead);
    Value key = t.add(t.range(blocks.rows, tile::rowSlice(blocks.layout)), first), inside = t.less(key, rows);
    if (wantsKeys && c.view(op.getDks()))
      t.store(t.mul(sums.front(), sizes.scale), c.view(op.getDks()), {batch, kvHead, key}, inside);
    if (wantsValues && c.view(op.getDvs()))
      t.store(sums.back(), c.view(op.getDvs()), {batch, kvHead, key}, inside);
  }

  /// One block of queries. Beyond the last row all that is read is zero, and so are the terms. Carried: sums of dK, dV.
  Values step(ArrayRef<Value> tiles, Value block, ValueRange carried, Value masked) {
    Value q = tiles[0], dos = tiles[1], lse = tiles[2], delta = tiles[3], query = t.mul(block, blocks.columns);
    RankedTensorType type = blocks.tile(f32, blocks.columns);
    Value scores = t.dot(k, q, t.constant(type, 0), /*transposed=*/true);
    Value pivot = t.mul(t.read(blocks.column(f32), lse), -std::numbers::log2e);
    Value p = t.exp2(t.fma(scores, sizes.scale_log2, t.expand(pivot, type)));
    p = t.changeIf(masked, p, [&] { return t.keep(tile::Triangle::Upper, p, t.sub(first, query), 0.0); });
    Values sums(carried);
    if (wantsValues)
      sums.back() = t.dot(weights->operand(p), dos, sums.back());
    if (wantsKeys) {
      Value dp = t.dot(v, dos, t.constant(type, 0), /*transposed=*/true);
      Value ds = t.mul(p, t.sub(dp, t.expand(t.read(blocks.column(f32), delta), type)));
      sums.front() = t.dot(weights->operand(ds), q, sums.front());
    }
    return sums;
  }

  KernelContext &c;
  TileBuilder &t;
  AttendBackwardKeysOp op;
  AttentionSizes sizes;
  AttentionBlocks blocks;
  Type f32;
  const Operand rows; ///< of the tensors
  const bool apart;
  bool wantsKeys = true, wantsValues = true;
  Value batch, kvHead, head, first; ///< first: key
  Value k, v;
  std::optional<Stream> stream;
  std::optional<Weights> weights;
};

class QueriesSchedule {
public:
  QueriesSchedule(KernelContext &context, AttendBackwardQueriesOp op)
      : c(context), t(context.t), op(op), sizes(op.getQs(), op.getKs(), op.getScale().convertToDouble()),
        blocks(blocksFor(context, sizes)), f32(t.b.getF32Type()), rows(t.rows(context.view(op.getQs()))) {}

  FailureOr<Grid> emit() {
    if (failed(blocks.check(c.kernel)) || failed(Stream::check(c)))
      return failure();
    int64_t runs = llvm::divideCeil(sizes.rows, blocks.rows);
    Values at = t.delinearize(t.blockId(), {runs, sizes.batch, sizes.heads});
    first = t.mul(t.sub(runs - 1, at[0]), blocks.rows);
    batch = at[1];
    head = at[2];
    kvHead = t.div(head, sizes.group());
    q = t.alloc({blocks.rows, sizes.columns}, sizes.element);
    dos = t.alloc({blocks.rows, sizes.columns}, sizes.element);
    auto run = tile::SharedType::get(t.b.getContext(), {blocks.columns, sizes.columns}, sizes.element);
    Stream stream(c, {run, run}, 2 * blocks.rows * sizes.rowBytes() + Weights::bytes(sizes, blocks));
    weights.emplace(c, sizes, blocks);
    t.copy(c.view(op.getQs()), {batch, head, first}, rows, q);
    t.copy(c.view(op.getDos()), {batch, head, first}, rows, dos);
    t.commit();
    Value query = t.add(t.range(blocks.rows, tile::rowSlice(blocks.layout)), first), inside = t.less(query, rows);
    lse = t.alloc({blocks.rows}, f32);
    delta = t.alloc({blocks.rows}, f32);
    t.copy(c.view(op.getLse()), {batch, head, first}, rows, lse);
    t.copy(c.view(op.getDelta()), {batch, head, first}, rows, delta);
    t.commit();
    Value end = keyBlocks(t, first, blocks.rows, rows, blocks.columns);
    Value open = t.div(t.add(first, 1), blocks.columns);
    Values sum = {t.constant(blocks.tile(f32, sizes.columns), 0)};
    sum = stream.go(
        t.i32(0), end, sum,
        [&](ArrayRef<Value> tiles, Value run) {
          Value key = t.mul(run, blocks.columns);
          t.copy(c.view(op.getKs()), {batch, kvHead, key}, rows, tiles[0]);
          t.copy(c.view(op.getVs()), {batch, kvHead, key}, rows, tiles[1]);
        },
        [&](ArrayRef<Value> tiles, Value run, ValueRange now) {
          return step(tiles, run, now, t.lessEqual(open, run));
        });
    t.store(t.mul(sum[0], sizes.scale), c.view(op.getDqs()), {batch, head, query}, inside);
    return Grid{runs * sizes.batch * sizes.heads, blocks.warps * 32};
  }

private:
  static AttentionBlocks blocksFor(KernelContext &context, const AttentionSizes &sizes) {
    if (sizes.element.isF32()) {
      if (sizes.columns > 128)
        return {context, 2, 32, 16};
      return {context, 4, 64, sizes.columns > 64 ? 16 : 32};
    }
    if (sizes.columns > 128)
      return {context, 4, 64, 32};
    if (sizes.columns > 64)
      return {context, 4, 128, 32};
    return {context, 4, 128, 64};
  }

  Values step(ArrayRef<Value> tiles, Value block, ValueRange carried, Value masked) {
    Value k = tiles[0], v = tiles[1], key = t.mul(block, blocks.columns);
    RankedTensorType type = blocks.tile(f32, blocks.columns);
    Value scores = t.dot(q, k, t.constant(type, 0), /*transposed=*/true);
    Value pivot = t.mul(t.read(blocks.row(f32), lse), -std::numbers::log2e);
    Value p = t.exp2(t.fma(scores, sizes.scale_log2, t.expand(pivot, type)));
    p = t.changeIf(masked, p, [&] { return t.keep(tile::Triangle::Lower, p, t.sub(first, key), 0.0); });
    Value dp = t.dot(dos, v, t.constant(type, 0), /*transposed=*/true);
    Value ds = t.mul(p, t.sub(dp, t.expand(t.read(blocks.row(f32), delta), type)));
    return {t.dot(weights->operand(ds), k, carried[0])};
  }

  KernelContext &c;
  TileBuilder &t;
  AttendBackwardQueriesOp op;
  AttentionSizes sizes;
  AttentionBlocks blocks;
  Type f32;
  const Operand rows;               ///< of the tensors
  Value batch, head, kvHead, first; ///< first: query
  Value q, dos, lse, delta;
  std::optional<Weights> weights;
};

} // namespace

FailureOr<Grid> scheduleAttendKeys(KernelContext &context) {
  return KeysSchedule(context, context.find<AttendBackwardKeysOp>()).emit();
}

FailureOr<Grid> scheduleAttendQueries(KernelContext &context) {
  return QueriesSchedule(context, context.find<AttendBackwardQueriesOp>()).emit();
}

} // namespace lighthouse::cuda
