// SPDX-License-Identifier: Apache-2.0
//
// Causal attention, forward: queries on the vector lanes.
//
// A work item has a block of 3 vectors of queries. It walks the keys in blocks: scores S^T[key][query] = K (c Q)^T, a
// running maximum and sum a lane, then O^T[d][query] += V^T P^T. K and V are read as they lie, one element broadcast at
// a time; only the item's queries are transposed, once. With c = scale * log2(e) the softmax needs exp2 only. Online
// softmax: Milakov and Gimelshein, arXiv 1805.02867.
#include "compiler/Host/Attend.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <numbers>

using namespace mlir;

namespace lighthouse::host {
namespace {

class AttendSchedule {
public:
  AttendSchedule(KernelContext &context, AttendOp op)
      : c(context), e(context.e), op(op), shape(shapeOf(op.getOs())), rows(context.rows(op.getQs())), headDim(shape[3]),
        queries(kLaneVectors * e.machine.lanes), keys(96) {}

  int64_t emit() {
    int64_t blocks = llvm::divideCeil(shape[2], queries);
    Values at = e.delinearize(c.item, {shape[0], shape[1], blocks});
    batch = at[0];
    head = at[1];
    qHead = sharedHead(e, op, head, op.getQs());
    kHead = sharedHead(e, op, head, op.getKs());
    vHead = sharedHead(e, op, head, op.getVs());
    // The longest blocks first, so that threads end together.
    first = e.mul(e.sub(blocks - 1, at[2]), queries);
    ifAny(c, op, first, [&] {
      makeScratch();
      stageRowsTransposed(e, c.buffer(op.getQs()), {batch, qHead}, first, queries, last(), qt,
                          op.getScale().convertToDouble() * std::numbers::log2e);
      finish(walkKeys());
    });
    return shape[0] * shape[1] * blocks;
  }

private:
  Value last() { return e.sub(rows, 1); }

  void makeScratch() {
    Type f32 = e.b.getF32Type();
    qt = e.scratch({headDim, queries}, f32);
    ot = e.scratch({headDim, queries}, f32);
    pt = e.scratch({keys, queries}, f32);
    kBlock = e.scratch({keys, headDim}, f32);
    vBlock = e.scratch({keys, headDim}, f32);
    e.loop(0, headDim, 1, [&](Value d) {
      for (Chunk n : e.chunks(queries))
        e.storeVector(e.zeros(n.width), ot, {d, n.offset});
    });
  }

  /// Maxima, then sums, a vector each for every vector of queries.
  Values walkKeys() {
    Values stats;
    for (Chunk n : e.chunks(queries))
      stats.push_back(e.splat(e.f32(-std::numeric_limits<float>::infinity()), n.width));
    stats.append(e.zeroRow(queries));
    Value end = e.min(e.add(first, queries), rows);
    return e.loop(0, end, keys, stats,
                  [&](Value key, ValueRange carried) { return block(key, e.min(keys, e.sub(end, key)), carried); });
  }

  Values block(Value key, Value count, ValueRange stats) {
    int64_t vectors = stats.size() / 2;
    stageRows(e, c.buffer(op.getKs()), {batch, kHead}, key, count, last(), kBlock);
    stageRows(e, c.buffer(op.getVs()), {batch, vHead}, key, count, last(), vBlock);
    scores(count);
    // Past the item's first query, some queries come before some keys.
    e.ifThen(e.less(e.add(first, 1), e.add(key, count)), [&] { mask(key, count); });
    Values maxima = maximaOf(count, stats.take_front(vectors)), factors;
    for (auto [before, now] : llvm::zip_equal(stats.take_front(vectors), maxima))
      factors.push_back(emitExp2(e, arith::SubFOp::create(e.b, e.loc, before, now)));
    Values sums = exponentials(count, maxima);
    for (auto [i, sum] : llvm::enumerate(sums))
      sum = vector::FMAOp::create(e.b, e.loc, stats[vectors + i], factors[i], sum);
    accumulate(count, factors);
    Values next = maxima;
    next.append(sums);
    return next;
  }

  void scores(Value count) {
    Product p{count, queries, headDim};
    auto a = [&](Value m, Value k) { return e.load(kBlock, {m, k}); };
    auto b = [&](Value k, Chunk n) { return e.loadVector(qt, {k, n.offset}, n.width); };
    auto finish = [&](Value m, Chunk n, Value score) { e.storeVector(score, pt, {m, n.offset}); };
    p.a = a;
    p.b = b;
    p.finish = finish;
    emitProduct(e, p);
  }

  /// Minus infinity where the query comes before the key.
  void mask(Value key, Value count) {
    e.loop(0, count, 1, [&](Value j) {
      for (Chunk n : e.chunks(queries)) {
        Value query = arith::AddIOp::create(e.b, e.loc, e.iota(n), e.splat(e.toI32(first), n.width));
        Value seen = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sle,
                                           e.splat(e.toI32(e.add(key, j)), n.width), query);
        Value infinity = e.splat(e.f32(-std::numeric_limits<float>::infinity()), n.width);
        e.storeVector(arith::SelectOp::create(e.b, e.loc, seen, e.loadVector(pt, {j, n.offset}, n.width), infinity), pt,
                      {j, n.offset});
      }
    });
  }

  Values maximaOf(Value count, ValueRange before) {
    return e.loop(0, count, 1, before, [&](Value j, ValueRange carried) {
      Values next;
      for (auto [n, maximum] : llvm::zip_equal(e.chunks(queries), carried))
        next.push_back(arith::MaximumFOp::create(e.b, e.loc, maximum, e.loadVector(pt, {j, n.offset}, n.width)));
      return next;
    });
  }

  /// P^T = exp2(S^T - maximum), and its sums over the keys.
  Values exponentials(Value count, ValueRange maxima) {
    return e.loop(0, count, 1, e.zeroRow(queries), [&](Value j, ValueRange carried) {
      Values next;
      for (auto [n, maximum, sum] : llvm::zip_equal(e.chunks(queries), maxima, carried)) {
        Value p = emitExp2(e, arith::SubFOp::create(e.b, e.loc, e.loadVector(pt, {j, n.offset}, n.width), maximum));
        e.storeVector(p, pt, {j, n.offset});
        next.push_back(arith::AddFOp::create(e.b, e.loc, sum, p));
      }
      return next;
    });
  }

  /// O^T = factor * O^T + V^T P^T.
  void accumulate(Value count, ValueRange factors) {
    auto factorOf = [&](Chunk n) { return factors[n.offset / e.machine.lanes]; };
    Product p{headDim, queries, count};
    auto a = [&](Value m, Value k) { return e.load(vBlock, {k, m}); };
    auto b = [&](Value k, Chunk n) { return e.loadVector(pt, {k, n.offset}, n.width); };
    auto init = [&](Value m, Chunk n) -> Value {
      return arith::MulFOp::create(e.b, e.loc, e.loadVector(ot, {m, n.offset}, n.width), factorOf(n));
    };
    auto finish = [&](Value m, Chunk n, Value sum) { e.storeVector(sum, ot, {m, n.offset}); };
    p.a = a;
    p.b = b;
    p.init = init;
    p.finish = finish;
    emitProduct(e, p);
  }

  void finish(ValueRange stats) {
    int64_t vectors = stats.size() / 2;
    Value maxima = e.scratch({queries}, e.b.getF32Type()), sums = e.scratch({queries}, e.b.getF32Type());
    e.storeRow(stats.take_front(vectors), maxima, {}, queries);
    e.storeRow(stats.drop_front(vectors), sums, {}, queries);
    finishAttend(c, op, {batch, head, first, ot, maxima, sums});
  }

  KernelContext &c;
  Emitter &e;
  AttendOp op;
  ArrayRef<int64_t> shape;
  const Value rows;
  const int64_t headDim;
  const int64_t queries; ///< of a work item
  const int64_t keys;    ///< of a block
  Value batch, head, first;
  Value qHead, kHead, vHead; ///< that `head` reads
  Value qt, ot, pt, kBlock, vBlock;
};

} // namespace

Value sharedHead(Emitter &e, AttendOp op, Value head, Value tensor) {
  return e.div(head, shapeOf(op.getOs())[1] / shapeOf(tensor)[1]);
}

void ifAny(KernelContext &c, AttendOp op, Value first, function_ref<void()> body) {
  if (!c.isVarlen(op.getQs()))
    return body();
  c.e.ifThen(c.e.less(first, c.rows(op.getQs())), body);
}

void finishAttend(KernelContext &c, AttendOp op, const AttendBlock &block) {
  Emitter &e = c.e;
  int64_t headDim = shapeOf(op.getQs())[3], queries = shapeOf(block.sums)[0];
  auto norms = c.find<TokenNormOp>();
  Value rows = c.rows(op.getQs()), line = e.scratch({headDim}, e.b.getF32Type());
  e.loop(0, e.min(queries, e.sub(rows, block.first)), 1, [&](Value q) {
    Value row = e.add(block.first, q), sum = e.load(block.sums, {q});
    Value inverse = arith::DivFOp::create(e.b, e.loc, e.f32(1.0), sum);
    e.loop(0, headDim, 1,
           [&](Value d) { e.store(arith::MulFOp::create(e.b, e.loc, e.load(block.ot, {d, q}), inverse), line, {d}); });
    Values os = e.loadRow(line, {}, headDim);
    if (Value buffer = c.buffer(op.getOs()))
      e.storeRow(os, buffer, {block.batch, block.head, row}, headDim);
    if (norms)
      storeTokenNorm(c, norms, os, {block.batch, block.head, row});
    Value buffer = c.buffer(op.getLse());
    if (!buffer)
      return;
    // ln(sum 2^s) = ln(sum) + max * ln 2
    Value log = math::LogOp::create(e.b, e.loc, sum);
    Value lse = math::FmaOp::create(e.b, e.loc, e.load(block.maxima, {q}), e.f32(std::numbers::ln2), log);
    e.store(lse, buffer, {block.batch, block.head, row});
  });
}

FailureOr<int64_t> scheduleAttend(KernelContext &context) {
  auto op = context.find<AttendOp>();
  bool tiles = context.e.machine.tiles && cast<RankedTensorType>(op.getQs().getType()).getElementType().isBF16();
  return tiles ? emitAttendTiles(context, op) : AttendSchedule(context, op).emit();
}

} // namespace lighthouse::host
