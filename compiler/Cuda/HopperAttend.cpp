// SPDX-License-Identifier: Apache-2.0
//
// Causal attention forward for sm_90a: one thread fetches, and warpgroups of 64 queries each take turns to multiply and
// to exponentiate. In a warpgroup the scores of one block of keys and the sums of the block before are multiplied at
// once (Shah et al., FlashAttention-3, algorithm 2).
#include "compiler/Cuda/Hopper.h"

#include <cmath>

using namespace mlir;

namespace lighthouse::cuda {

HopperBlocks::HopperBlocks(KernelContext &context, const AttentionSizes &sizes, int64_t groups, int64_t columns,
                           int64_t stages, const Candidates &candidates)
    : groups(context.parameter("warpgroups", groups, candidates.groups)),
      columns(context.parameter("block_columns", columns, candidates.columns)),
      stages(context.parameter("stages", stages, candidates.stages)), width(llvm::alignTo(sizes.head_dim, 64)),
      layout(tile::MmaAttr::get(context.kernel.getContext(), 4)) {}

LogicalResult HopperBlocks::check(lighthouse::KernelOp kernel) const {
  if (groups < 2 || groups > 3)
    return kernel.emitOpError("expects schedule parameter warpgroups to be 2 or 3, but got ") << groups;
  if (columns % 16 != 0 || columns > 256)
    return kernel.emitOpError("expects schedule parameter block_columns to be a multiple of 16 up to 256, but got ")
           << columns;
  if (stages < 1 || stages > 8)
    return kernel.emitOpError("expects schedule parameter stages from 1 to 8, but got ") << stages;
  return success();
}

int64_t headsOfSection(int64_t heads, int64_t bytesOfHead, int64_t cacheBytes) {
  int64_t most = std::max<int64_t>(1, cacheBytes / std::max<int64_t>(bytesOfHead, 1));
  for (int64_t count = std::min(most, heads); count > 1; --count)
    if (heads % count == 0)
      return count;
  return 1;
}

namespace {

/// What a section's keys and values may take of the L2 cache.
constexpr int64_t kSectionBytes = int64_t(32) << 20;

constexpr int64_t kGroups[] = {2, 3}, kColumns[] = {64, 80, 96, 128, 144, 160, 176}, kStages[] = {2, 3};

class HopperAttendSchedule {
public:
  HopperAttendSchedule(KernelContext &context, AttendOp op)
      : c(context), t(context.t), op(op), sizes(op.getOs(), op.getKs(), op.getScale().convertToDouble()),
        blocks(context, sizes, /*groups=*/sizes.head_dim > 64 ? 2 : 3, /*columns=*/128, /*stages=*/2,
               {kGroups, kColumns, kStages}),
        f32(t.b.getF32Type()), rows(t.rows(context.view(op.getQs()))) {}

  FailureOr<Grid> emit() {
    if (failed(blocks.check(c.kernel)))
      return failure();
    int64_t runs = llvm::divideCeil(sizes.rows, blocks.rows());
    int64_t heads = sizes.batch * sizes.heads;
    int64_t section = headsOfSection(heads, 2 * sizes.rows * blocks.width * 2 / sizes.group(), kSectionBytes);
    // Heads whose keys fit the cache one after another; in a section the runs that see the most keys first.
    Values at = t.delinearize(t.blockId(), {heads / section, runs, section});
    first = t.mul(t.sub(runs - 1, at[1]), blocks.rows());
    Values where = t.delinearize(t.add(t.mul(at[0], section), at[2]), {sizes.batch, sizes.heads});
    batch = where[0];
    head = where[1];
    qHead = sharedHead(t, sizes, head, op.getQs());
    kHead = sharedHead(t, sizes, head, op.getKs());
    vHead = sharedHead(t, sizes, head, op.getVs());
    tile::SharedType keys = t.panels({blocks.columns, blocks.width}, sizes.element);
    q = t.ring(blocks.groups, t.panels({64, blocks.width}, sizes.element), 1);
    k = t.ring(blocks.stages, keys, blocks.groups);
    v = t.ring(blocks.stages, keys, blocks.groups);
    end = keyBlocks(t, first, blocks.rows(), rows, blocks.columns);
    int64_t registers = blocks.groups == 2 ? 240 : 160;
    t.roles({{1, blocks.groups == 2 ? 24 : 32, [&](Value) { produce(); }},
             {blocks.groups * 128, registers, [&](Value group) { consume(group); }}});
    return Grid{runs * heads, (blocks.groups + 1) * 128};
  }

private:
  //===-- The thread that fetches ----------------------------------------===//

  void fetchKeys(Value number) { fetchBlock(op.getKs(), kHead, k, number); }
  void fetchValues(Value number) { fetchBlock(op.getVs(), vHead, v, number); }
  void fetchBlock(Value tensor, Value fromHead, Value ring, Value number) {
    Value block = t.sub(t.sub(end, 1), number);
    t.fetch(c.view(tensor), {batch, fromHead, t.mul(block, blocks.columns)}, ring, number);
  }

  void produce() {
    fetchKeys(t.i32(0));
    for (int64_t group = 0; group < blocks.groups; ++group)
      t.fetch(c.view(op.getQs()), {batch, qHead, t.add(first, 64 * group)}, q, group);
    t.loop(0, end, 1, [&](Value number) {
      // The keys of a block are needed before the values of the one before.
      Value next = t.add(number, 1);
      t.ifThen(t.less(next, end), [&] { fetchKeys(next); });
      fetchValues(number);
    });
  }

  //===-- A warpgroup of 64 queries --------------------------------------===//

  /// Named barriers: from `kTurn` on the turns of the warpgroups, from `kOwn` on each one's own.
  static constexpr int64_t kTurn = 1, kOwn = 5;

  void consume(Value number) {
    group = number;
    row = t.add(first, t.mul(group, 64));
    own = t.add(group, kOwn);
    turn = t.add(group, kTurn);
    next = t.add(t.select(t.equal(group, blocks.groups - 1), 0, t.add(group, 1)), kTurn);
    t.ifThen(t.equal(group, blocks.groups - 1), [&] { t.signal(kTurn, 256); });
    queries = t.receive(q, group);
    Values state = firstBlock();
    // Blocks that not all queries see the whole of come first.
    Value open = t.max(t.sub(end, t.div(t.add(first, 1), blocks.columns)), 1);
    state = t.loop(1, open, 1, state, [&](Value i, ValueRange carried) { return step(i, carried, true); });
    state = t.loop(open, end, 1, state, [&](Value i, ValueRange carried) { return step(i, carried, false); });
    Value last = t.sub(end, 1), values = t.receive(v, last);
    state[0] = t.await(t.dotAsync(wide(), state[3], values, TileBuilder::None, state[0]));
    finish(state);
  }

  RankedTensorType wide() const { return blocks.tile(f32, blocks.width); }
  RankedTensorType scoresType() const { return blocks.tile(f32, blocks.columns); }

  /// The block of the diagonal: nothing to add up yet.
  Values firstBlock() {
    Value keys = t.receive(k, 0);
    Value scores = t.await(t.dotAsync(scoresType(), queries, keys, TileBuilder::Right));
    t.release(k, 0);
    Values softened = soften(scores, t.i32(0), t.constant(blocks.row(f32), -INFINITY), {}, true);
    return {t.constant(wide(), 0), softened[0], softened[1], t.convert(softened[2], sizes.element)};
  }

  /// Scores of block `i` and sums of the one before. Carried: sums of values, largest scores, sums of weights, weights
  /// of the block before.
  Values step(Value i, ValueRange carried, bool masked) {
    Value before = t.sub(i, 1), keys = t.receive(k, i);
    t.meet(turn, 256);
    Value pendingScores = t.dotAsync(scoresType(), queries, keys, TileBuilder::Right);
    Value values = t.receive(v, before);
    Value pendingSums = t.dotAsync(wide(), carried[3], values, TileBuilder::None, carried[0]);
    t.signal(next, 256);
    Value scores = t.await(pendingScores);
    t.release(k, i);
    Values softened = soften(scores, i, carried[1], carried[2], masked);
    Value sums = t.await(pendingSums);
    t.release(v, before);
    Value weights = t.convert(softened[2], sizes.element);
    sums = t.mul(sums, t.expand(softened[3], wide()));
    return {sums, softened[0], softened[1], weights};
  }

  /// Largest scores, sums of weights in eight columns, weights, and the factor that older sums decay by.
  Values soften(Value scores, Value i, Value largest, Value sums, bool masked) {
    if (masked) {
      Value key = t.mul(t.sub(t.sub(end, 1), i), blocks.columns);
      scores = t.keep(tile::Triangle::Lower, scores, t.sub(row, key), -INFINITY);
    }
    Value newLargest = t.maxNumber(largest, t.reduce(tile::Reduction::Max, scores)), pivot = newLargest;
    if (masked) // A row may have seen no key yet.
      pivot = t.select(t.equal(newLargest, -INFINITY), 0.0, newLargest);
    Value scaled = t.mul(pivot, -sizes.scale_log2);
    Value p = t.exp2(t.fma(scores, sizes.scale_log2, t.expand(scaled, scoresType())));
    Value folded = t.fold(tile::Reduction::Add, p);
    if (!sums)
      return {newLargest, folded, p};
    // The difference first: where nothing larger has come, the factor is 1 exactly, however many blocks there are.
    Value decay = t.exp2(t.mul(t.sub(largest, pivot), sizes.scale_log2));
    sums = t.fma(sums, t.expand(decay, cast<RankedTensorType>(sums.getType())), folded);
    return {newLargest, sums, p, decay};
  }

  void finish(ValueRange state) {
    Value query = t.add(t.range(64, tile::rowSlice(blocks.layout)), row), inside = t.less(query, rows);
    Value sum = t.reduce(tile::Reduction::Add, state[2]);
    Value os = t.mul(state[0], t.expand(t.div(t.constant(sum.getType(), 1), sum), wide()));
    if (Value view = c.view(op.getOs()))
      sendRows(os, view);
    if (auto norms = c.find<TokenNormOp>())
      storeTokenNorms(c, norms, os, batch, head, query);
    if (Value view = c.view(op.getLse())) {
      Value lse = logSumExp(t, state[1], sum, sizes.scale_log2);
      if (rows.value) { // Behind the end zeros, which backward takes for rows.
        lse = t.select(inside, lse, 0.0);
        inside = t.less(query, sizes.rows);
      }
      t.store(lse, view, {batch, head, query}, inside);
    }
    if (c.view(op.getOs()))
      t.drain();
  }

  /// By way of the place of the queries, which all four warps are done with.
  void sendRows(Value os, Value view) {
    t.meet(own, 128);
    t.write(t.convert(os, sizes.element), queries);
    t.publish();
    t.meet(own, 128);
    t.send(queries, view, {batch, head, row});
  }

  KernelContext &c;
  TileBuilder &t;
  AttendOp op;
  AttentionSizes sizes;
  HopperBlocks blocks;
  Type f32;
  const Operand rows;            ///< of the tensors
  Value qHead, kHead, vHead;     ///< that `head` reads
  Value batch, head, first, end; ///< first: query of the block; end: blocks of keys that it sees
  Value q, k, v;
  Value group, row, own, turn, next; ///< of a warpgroup; row: its first query
  Value queries;
};

} // namespace

FailureOr<Grid> scheduleHopperAttend(KernelContext &context) {
  return HopperAttendSchedule(context, context.find<AttendOp>()).emit();
}

} // namespace lighthouse::cuda
