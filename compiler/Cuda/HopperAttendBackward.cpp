// SPDX-License-Identifier: Apache-2.0
//
// Causal attention's backward for sm_90a: a block has a run of keys, 64 a warpgroup, and goes through the queries that
// see them. Keys are on the rows of the products, so that P^T and dS^T stay in the registers that dV += P^T dO and dK
// += dS^T Q take them from; only dS goes through shared memory, for the block's part of dQ = dS K, which is added to
// those of other blocks in global memory (Shah et al., FlashAttention-3, section 3.1 and algorithm 3).
#include "compiler/Cuda/Hopper.h"

#include <cmath>
#include <numbers>

using namespace mlir;

namespace lighthouse::cuda {
namespace {

/// Elements of 4 bytes.
constexpr int64_t kAligned = 4;
/// What a section's queries, their gradients and those of the outputs may take of the L2 cache.
constexpr int64_t kSectionBytes = int64_t(40) << 20;

constexpr int64_t kStages[] = {1, 2};

class HopperAttendBackwardSchedule {
public:
  HopperAttendBackwardSchedule(KernelContext &context, AttendBackwardJoinedOp op)
      : c(context), t(context.t), op(op), sizes(op.getQs(), op.getKs(), op.getScale().convertToDouble()),
        blocks(context, sizes, /*groups=*/2, /*columns=*/sizes.head_dim > 64 ? 64 : 128, /*stages=*/2,
               {.stages = kStages}),
        f32(t.b.getF32Type()), aligned(sizes.rows % kAligned == 0), ragged(sizes.rows % blocks.columns != 0),
        rows(t.rows(context.view(op.getQs()))) {}

  FailureOr<Grid> emit() {
    if (failed(blocks.check(c.kernel)))
      return failure();
    if (blocks.groups != 2 || blocks.columns != (blocks.width > 64 ? 64 : 128))
      return c.kernel.emitOpError("expects schedule parameters warpgroups 2 and block_columns ")
             << (blocks.width > 64 ? 64 : 128) << ", but got " << blocks.groups << " and " << blocks.columns;
    int64_t runs = llvm::divideCeil(sizes.rows, blocks.rows()), heads = sizes.batch * sizes.heads;
    int64_t section = headsOfSection(heads, sizes.rows * blocks.width * 8, kSectionBytes);
    // The first keys are seen by the most queries.
    Values at = t.delinearize(t.blockId(), {heads / section, runs, section});
    first = t.mul(at[1], blocks.rows());
    Values where = t.delinearize(t.add(t.mul(at[0], section), at[2]), {sizes.batch, sizes.heads});
    batch = where[0];
    head = where[1];
    kvHead = t.div(head, sizes.group());
    begin = t.div(first, blocks.columns);
    queryRuns = t.div(t.add(rows, blocks.columns - 1), blocks.columns);
    allocate();
    t.roles({{1, 24, [&](Value) { ifInside([&] { produce(); }); }},
             {256, 240, [&](Value group) { ifInside([&] { consume(group); }); }}});
    return Grid{runs * heads, 384};
  }

private:
  /// A block behind the end of a document, whose rows only the launch knows, has nothing to do.
  void ifInside(llvm::function_ref<void()> body) {
    if (!rows.value)
      return body();
    t.ifThen(t.less(first, rows), body);
  }

  void allocate() {
    tile::SharedType own = t.panels({64, blocks.width}, sizes.element);
    tile::SharedType rows = t.panels({blocks.columns, blocks.width}, sizes.element);
    auto numbers = tile::SharedType::get(t.b.getContext(), {blocks.columns + (aligned ? 0 : kAligned)}, f32);
    k = t.ring(2, own, 2);
    v = t.ring(2, own, 2);
    q = t.ring(blocks.stages, rows, 2);
    dos = t.ring(blocks.stages, rows, 2);
    lse = t.ring(blocks.stages, numbers, 2, q);
    delta = t.ring(blocks.stages, numbers, 2, dos);
    for (Value *tile : {&evenScores[0], &evenScores[1], &oddScores[0], &oddScores[1]})
      *tile = t.alloc(t.panels({64, blocks.columns}, sizes.element));
    for (Value &tile : staged)
      tile = t.alloc(t.panels({64, 64}, f32));
  }

  //===-- The thread that fetches ----------------------------------------===//

  void produce() {
    for (int64_t group : {0, 1}) {
      Value row = t.add(first, 64 * group);
      t.fetch(c.view(op.getKs()), {batch, kvHead, row}, k, group);
      t.fetch(c.view(op.getVs()), {batch, kvHead, row}, v, group);
    }
    t.loop(begin, queryRuns, 1, [&](Value run) {
      Value number = t.sub(run, begin), query = t.mul(run, blocks.columns);
      t.fetch(c.view(op.getQs()), {batch, head, query}, q, number);
      fetchNumbers(op.getLse(), query, lse, number);
      t.fetch(c.view(op.getDos()), {batch, head, query}, dos, number);
      fetchNumbers(op.getDelta(), query, delta, number);
    });
  }

  /// A tensor copy begins at a multiple of 16 bytes: where rows do not, somewhat earlier.
  void fetchNumbers(Value tensor, Value query, Value ring, Value number) {
    Value from = aligned ? query : t.sub(query, early(query));
    t.fetch(c.view(tensor), {batch, head, from}, ring, number);
  }

  /// How many elements earlier.
  Value early(Value query) {
    Value rowsBefore = t.add(t.mul(batch, sizes.heads), head);
    return t.bitAnd(t.add(t.mul(rowsBefore, sizes.rows), query), kAligned - 1);
  }

  //===-- A warpgroup of 64 keys -----------------------------------------===//

  /// Named barriers: of both warpgroups, and from `kOwn` on each one's own.
  static constexpr int64_t kBoth = 1, kOwn = 2;

  RankedTensorType wide() const { return blocks.tile(f32, blocks.width); }
  RankedTensorType scoresType() const { return blocks.tile(f32, blocks.columns); }
  RankedTensorType columnType() const {
    return tile::tileType({blocks.columns}, f32, tile::columnSlice(blocks.layout));
  }

  void consume(Value number) {
    group = number;
    row = t.add(first, t.mul(group, 64));
    own = t.add(group, kOwn);
    for (int64_t i : {0, 1}) {
      keys[i] = t.receive(k, i);
      values[i] = t.receive(v, i);
    }
    Value zero = t.constant(wide(), 0);
    // From here on all queries of a run see all keys of ours; the last run may have fewer queries.
    Value open = t.add(begin, blocks.rows() / blocks.columns);
    if (!rows.value || blocks.rows() > blocks.columns) // Else there is one such run: inside, as the block is.
      open = t.min(open, queryRuns);
    Value whole = ragged ? t.max(open, t.sub(queryRuns, 1)) : queryRuns;
    auto go = [&](Value from, Value to, bool masked, ValueRange now) {
      return t.loop(from, to, 1, now, [&](Value run, ValueRange each) { return step(run, each, masked); });
    };
    Values sums = go(begin, open, true, {zero, zero});
    sums = go(open, whole, false, sums);
    if (ragged)
      sums = go(whole, queryRuns, true, sums);
    sendKeys(t.mul(sums[0], sizes.scale), c.view(op.getDks()));
    sendKeys(sums[1], c.view(op.getDvs()));
    t.drain();
  }

  /// The gradient of our keys or values by one query head of those that share them, through the memory of staged
  /// gradients of queries.
  void sendKeys(Value sums, Value view) {
    Type element = cast<tile::ViewType>(view.getType()).getElementType();
    int64_t together = element.isF32() ? 64 : blocks.width;
    for (int64_t column = 0; column < blocks.width; column += together) {
      Value tile = t.alias(chosen(staged), t.panels({64, together}, element));
      t.drain();
      t.meet(own, 128);
      t.write(t.convert(t.columns(sums, column, together), element), tile);
      t.publish();
      t.meet(own, 128);
      t.send(tile, view, {batch, kvHead, row, t.i32(column)}, /*add=*/sizes.group() > 1);
    }
  }

  /// One run of queries. Carried: sums of dK (without the scale) and dV.
  Values step(Value run, ValueRange carried, bool masked) {
    Value number = t.sub(run, begin), query = t.mul(run, blocks.columns);
    Value queries = t.receive(q, number);
    Value pendingScores = t.dotAsync(scoresType(), chosen(keys), queries, TileBuilder::Right);
    Value outputs = t.receive(dos, number);
    Value pendingWeights = t.dotAsync(scoresType(), chosen(values), outputs, TileBuilder::Right);
    auto [scores, logSums] = awaitWithNumbers(pendingScores, lse, query, number);
    Value weights = weightsOf(scores, logSums, query, masked);
    auto [dp, dots] = awaitWithNumbers(pendingWeights, delta, query, number);
    if (masked && ragged)
      dots = t.select(insideOf(query), dots, 0.0);
    Value ds = t.convert(t.mul(weights, t.sub(dp, t.expand(dots, scoresType()))), sizes.element);
    Value p = t.convert(weights, sizes.element);
    t.write(ds, t.choose(chosen(evenScores), chosen(oddScores), number));
    t.publish();
    Value pendingValues = t.dotAsync(wide(), p, outputs, TileBuilder::None, carried[1]);
    t.drain(); // The staged gradient of the run before is on its way.
    t.meet(kBoth, 256);
    Value pendingQueries = queriesProduct(number);
    Value dv = t.await(pendingValues);
    t.release(dos, number);
    Value pendingKeys = t.dotAsync(wide(), ds, queries, TileBuilder::None, carried[0]);
    sendQueries(t.await(pendingQueries), query);
    Value dk = t.await(pendingKeys);
    t.release(q, number);
    return {dk, dv};
  }

  /// A product, and numbers for its columns: read meanwhile, where a thread has registers for both.
  std::pair<Value, Value> awaitWithNumbers(Value pending, Value ring, Value query, Value number) {
    if (blocks.columns > 64) {
      Value product = t.await(pending);
      return {product, readNumbers(ring, query, number)};
    }
    Value numbers = readNumbers(ring, query, number);
    return {t.await(pending), numbers};
  }

  /// One for each query, as columns.
  Value readNumbers(Value ring, Value query, Value number) {
    Value numbers = t.receive(ring, number);
    if (aligned)
      return t.read(columnType(), numbers);
    return t.readFrom(columnType(), numbers, early(query));
  }

  /// exp(scale s - lse), of keys that the queries see.
  Value weightsOf(Value scores, Value logSums, Value query, bool masked) {
    Value pivot = t.mul(logSums, -std::numbers::log2e);
    if (masked && ragged)
      pivot = t.select(insideOf(query), pivot, -INFINITY);
    Value weights = t.exp2(t.fma(scores, sizes.scale_log2, t.expand(pivot, scoresType())));
    return masked ? t.keep(tile::Triangle::Upper, weights, t.sub(row, query), 0.0) : weights;
  }

  Value insideOf(Value query) {
    return t.less(t.add(t.range(blocks.columns, tile::columnSlice(blocks.layout)), query), rows);
  }

  /// This warpgroup's tile of two.
  Value chosen(const Value (&tiles)[2]) { return t.choose(tiles[0], tiles[1], group); }

  /// 64 columns of dQ, or 64 queries, by both warpgroups' keys.
  Value queriesProduct(Value number) {
    Value pending;
    for (int64_t i : {0, 1}) {
      Value scores = t.choose(evenScores[i], oddScores[i], number), right = keys[i];
      if (blocks.width > 64)
        right = t.panel(right, group);
      else
        scores = t.panel(scores, group);
      pending = t.dotAsync(blocks.tile(f32, 64), scores, right, TileBuilder::Left, pending);
    }
    return pending;
  }

  void sendQueries(Value dq, Value query) {
    Value tile = chosen(staged);
    t.write(t.mul(dq, sizes.scale), tile);
    t.publish();
    t.meet(own, 128);
    Value offset = t.mul(group, 64);
    bool byColumns = blocks.width > 64;
    t.send(tile, c.view(op.getDqs()),
           {batch, head, byColumns ? query : t.add(query, offset), byColumns ? offset : t.i32(0)}, /*add=*/true);
  }

  KernelContext &c;
  TileBuilder &t;
  AttendBackwardJoinedOp op;
  AttentionSizes sizes;
  HopperBlocks blocks;
  Type f32;
  bool aligned; ///< every row of lse and delta
  /// Rows end within a run of queries. Where only the launch knows them, the most that there may be are meant: queries
  /// behind the end, their lse and delta are zeros up to there, and nothing of them reaches a sum.
  bool ragged;
  const Operand rows; ///< of the tensors
  Value queryRuns;
  Value batch, head, kvHead, first, begin; ///< first: key of the block; begin: the first run of queries that sees it
  Value k, v, q, dos, lse, delta;
  Value evenScores[2], oddScores[2], staged[2]; ///< by warpgroup
  Value group, row, own;                        ///< of a warpgroup; row: its first key
  Value keys[2], values[2];
};

} // namespace

FailureOr<Grid> scheduleHopperAttendBackward(KernelContext &context) {
  return HopperAttendBackwardSchedule(context, context.find<AttendBackwardJoinedOp>()).emit();
}

} // namespace lighthouse::cuda
