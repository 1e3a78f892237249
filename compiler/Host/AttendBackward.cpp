// SPDX-License-Identifier: Apache-2.0
//
// Causal attention, backward: keys on the vector lanes, a work item a key head and run of keys.
//
// For each block of keys, K^T and V^T are transposed once; for each block of queries from the diagonal on: S = Q K^T
// and dP = dO V^T, P = exp2(c S - lse2), dS = scale P (dP - delta), then dV += P^T dO, dK += dS^T Q, dQ += dS K. All
// but the transposed blocks is read as it lies. An item has all queries of its keys and a dQ of its own, so that
// nothing is summed across threads. FlashAttention, arXiv 2205.14135, algorithm 4.
#include "compiler/Host/Matmul.h"

#include <numbers>

using namespace mlir;

namespace lighthouse::host {
namespace {

/// partBegin of the rows of `tensor`, `parts` those of the most rows.
Value beginOfPart(KernelContext &c, Value tensor, int64_t parts, int64_t part) {
  Emitter &e = c.e;
  if (!c.isVarlen(tensor))
    return e.index(partBegin(shapeOf(tensor)[2], parts, part));
  Type f64 = e.b.getF64Type(), i64 = e.b.getI64Type();
  Value rows = c.rows(tensor), begin = rows;
  Value number = arith::SIToFPOp::create(e.b, e.loc, f64, arith::IndexCastOp::create(e.b, e.loc, i64, rows));
  // As many parts as these rows have: 1 up to all, each with its own shares.
  for (int64_t count = part + 1; count <= parts; ++count) {
    Value share = arith::ConstantOp::create(e.b, e.loc, e.b.getF64FloatAttr(partShare(count, part)));
    Value row = arith::FPToSIOp::create(e.b, e.loc, i64, arith::MulFOp::create(e.b, e.loc, share, number));
    Value index = arith::IndexCastOp::create(e.b, e.loc, e.b.getIndexType(), row);
    Value here = e.mul(e.div(index, kPartAlignment), kPartAlignment);
    begin = e.select(e.lessEqual(count * kLeastPart, rows), here, begin);
  }
  return begin;
}

class AttendBackwardSchedule {
public:
  AttendBackwardSchedule(KernelContext &context, AttendBackwardOp op)
      : c(context), e(context.e), op(op), shape(shapeOf(op.getQs())), rows(context.rows(op.getQs())), headDim(shape[3]),
        kvHeads(shapeOf(op.getKs())[1]), group(shape[1] / kvHeads), queries(48),
        keys(2 * kLaneVectors * e.machine.lanes), scale(op.getScale().convertToDouble()) {}

  int64_t emit() {
    int64_t parts = op.getParts();
    Values at = e.delinearize(c.item, {parts, shape[0], kvHeads});
    batch = at[1];
    kvHead = at[2];
    Value from = e.index(0), to = rows;
    for (int64_t part = 1; part < parts; ++part) {
      Value begin = beginOfPart(c, op.getQs(), parts, part);
      from = e.select(e.less(at[0], part), from, begin);
      to = e.select(e.less(at[0], part), e.min(to, begin), to);
    }
    dqBegin = e.mul(at[0], shape[2]);
    makeScratch();
    e.loop(0, group, 1, [&](Value member) { prepareHead(member, from); });
    e.loop(from, to, keys, [&](Value key) {
      beginKeys(key);
      e.loop(0, group, 1,
             [&](Value member) { e.loop(key, rows, queries, [&](Value query) { block(key, query, member); }); });
      endKeys(key);
    });
    memref::DeallocOp::create(e.b, e.loc, stats);
    return parts * shape[0] * kvHeads;
  }

private:
  void makeScratch() {
    Type f32 = e.b.getF32Type();
    kBlock = e.scratch({keys, headDim}, f32);
    kt = e.scratch({headDim, keys}, f32);
    vt = e.scratch({headDim, keys}, f32);
    qBlock = e.scratch({queries, headDim}, f32);
    doBlock = e.scratch({queries, headDim}, f32);
    p = e.scratch({queries, keys}, f32);
    ds = e.scratch({queries, keys}, f32);
    dk = e.scratch({keys, headDim}, f32);
    dv = e.scratch({keys, headDim}, f32);
    stats = memref::AllocOp::create(e.b, e.loc, MemRefType::get({2, group, shape[2]}, f32));
  }

  Value headOf(Value member) { return e.add(e.mul(kvHead, group), member); }

  /// lse in powers of two and delta = rowsum(dO * O) of every row that sees the item's keys; their dQ starts at zero.
  void prepareHead(Value member, Value from) {
    Value head = headOf(member);
    e.loop(from, rows, 1, [&](Value row) {
      Value log = e.load(c.buffer(op.getLse()), {batch, head, row});
      e.store(arith::MulFOp::create(e.b, e.loc, log, e.f32(std::numbers::log2e)), stats, {0, member, row});
      Value delta = e.f32(0.0);
      for (auto [o, d, chunk] :
           llvm::zip_equal(e.loadRow(c.buffer(op.getOs()), {batch, head, row}, headDim),
                           e.loadRow(c.buffer(op.getDos()), {batch, head, row}, headDim), e.chunks(headDim))) {
        Value product = arith::MulFOp::create(e.b, e.loc, o, d);
        Value sum =
            vector::ReductionOp::create(e.b, e.loc, vector::CombiningKind::ADD, product, arith::FastMathFlags::reassoc);
        delta = arith::AddFOp::create(e.b, e.loc, delta, sum);
      }
      e.store(delta, stats, {1, member, row});
      e.storeRow(e.zeroRow(headDim), c.buffer(op.getDqs()), {batch, head, e.add(dqBegin, row)}, headDim);
    });
  }

  void beginKeys(Value key) {
    stageRows(e, c.buffer(op.getKs()), {batch, kvHead}, key, keys, e.sub(rows, 1), kBlock);
    stageRowsTransposed(e, c.buffer(op.getKs()), {batch, kvHead}, key, keys, e.sub(rows, 1), kt,
                        scale * std::numbers::log2e);
    stageRowsTransposed(e, c.buffer(op.getVs()), {batch, kvHead}, key, keys, e.sub(rows, 1), vt, 1.0);
    e.loop(0, keys, 1, [&](Value row) {
      e.storeRow(e.zeroRow(headDim), dk, {row}, headDim);
      e.storeRow(e.zeroRow(headDim), dv, {row}, headDim);
    });
  }

  void endKeys(Value key) {
    e.loop(0, e.min(keys, e.sub(rows, key)), 1, [&](Value row) {
      Value to = e.add(key, row);
      e.storeRow(e.loadRow(dk, {row}, headDim), c.buffer(op.getDks()), {batch, kvHead, to}, headDim);
      e.storeRow(e.loadRow(dv, {row}, headDim), c.buffer(op.getDvs()), {batch, kvHead, to}, headDim);
    });
  }

  void block(Value key, Value query, Value member) {
    Value head = headOf(member), count = e.min(queries, e.sub(rows, query));
    stageRows(e, c.buffer(op.getQs()), {batch, head}, query, count, e.sub(rows, 1), qBlock);
    stageRows(e, c.buffer(op.getDos()), {batch, head}, query, count, e.sub(rows, 1), doBlock);
    probabilities(query, member, count);
    // In the blocks on the diagonal, some queries come before some keys.
    e.ifThen(e.less(query, e.add(key, keys - 1)), [&] { mask(key, query, count); });
    scoreGradients(query, member, count);
    accumulateKeys(p, doBlock, count, dv);
    accumulateKeys(ds, qBlock, count, dk);
    accumulateQueries(head, query, count);
  }

  /// P = exp2(c Q K^T - lse2)
  void probabilities(Value query, Value member, Value count) {
    auto finish = [&](Value m, Chunk n, Value score) {
      Value lse = e.load(stats, {0, member, e.add(query, m)});
      Value power = emitExp2(e, arith::SubFOp::create(e.b, e.loc, score, e.splat(lse, n.width)));
      e.storeVector(power, p, {m, n.offset});
    };
    timesTransposed(qBlock, kt, count, finish);
  }

  /// dS = scale P (dO V^T - delta)
  void scoreGradients(Value query, Value member, Value count) {
    auto finish = [&](Value m, Chunk n, Value dp) {
      Value delta = e.load(stats, {1, member, e.add(query, m)});
      Value power =
          arith::MulFOp::create(e.b, e.loc, e.loadVector(p, {m, n.offset}, n.width), e.splat(e.f32(scale), n.width));
      Value difference = arith::SubFOp::create(e.b, e.loc, dp, e.splat(delta, n.width));
      e.storeVector(arith::MulFOp::create(e.b, e.loc, power, difference), ds, {m, n.offset});
    };
    timesTransposed(doBlock, vt, count, finish);
  }

  /// Zero where the query comes before the key.
  void mask(Value key, Value query, Value count) {
    e.loop(0, count, 1, [&](Value m) {
      for (Chunk n : e.chunks(keys)) {
        Value keyOf = arith::AddIOp::create(e.b, e.loc, e.iota(n), e.splat(e.toI32(key), n.width));
        Value seen = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sle, keyOf,
                                           e.splat(e.toI32(e.add(query, m)), n.width));
        e.storeVector(
            arith::SelectOp::create(e.b, e.loc, seen, e.loadVector(p, {m, n.offset}, n.width), e.zeros(n.width)), p,
            {m, n.offset});
      }
    });
  }

  /// block[query][d] * transposed[d][key], each vector of keys to `finish`.
  void timesTransposed(Value rowsOf, Value transposed, Value count, function_ref<void(Value, Chunk, Value)> finish) {
    Product product{count, keys, headDim};
    auto a = [&](Value m, Value k) { return e.load(rowsOf, {m, k}); };
    auto b = [&](Value k, Chunk n) { return e.loadVector(transposed, {k, n.offset}, n.width); };
    product.a = a;
    product.b = b;
    product.finish = finish;
    emitProduct(e, product);
  }

  /// sums[key][d] += weights[query][key]^T * block[query][d]
  void accumulateKeys(Value weights, Value rowsOf, Value count, Value sums) {
    Product product{keys, headDim, count};
    auto a = [&](Value m, Value k) { return e.load(weights, {k, m}); };
    auto b = [&](Value k, Chunk n) { return e.loadVector(rowsOf, {k, n.offset}, n.width); };
    auto init = [&](Value m, Chunk n) { return e.loadVector(sums, {m, n.offset}, n.width); };
    auto finish = [&](Value m, Chunk n, Value sum) { e.storeVector(sum, sums, {m, n.offset}); };
    product.a = a;
    product.b = b;
    product.init = init;
    product.finish = finish;
    emitProduct(e, product);
  }

  /// dQ[query][d] += dS[query][key] K[key][d]
  void accumulateQueries(Value head, Value query, Value count) {
    Value dqs = c.buffer(op.getDqs()), begin = e.add(dqBegin, query);
    Product product{count, headDim, keys};
    auto a = [&](Value m, Value k) { return e.load(ds, {m, k}); };
    auto b = [&](Value k, Chunk n) { return e.loadVector(kBlock, {k, n.offset}, n.width); };
    auto init = [&](Value m, Chunk n) { return e.loadVector(dqs, {batch, head, e.add(begin, m), n.offset}, n.width); };
    auto finish = [&](Value m, Chunk n, Value sum) {
      e.storeVector(sum, dqs, {batch, head, e.add(begin, m), n.offset});
    };
    product.a = a;
    product.b = b;
    product.init = init;
    product.finish = finish;
    emitProduct(e, product);
  }

  KernelContext &c;
  Emitter &e;
  AttendBackwardOp op;
  ArrayRef<int64_t> shape;
  const Value rows;
  const int64_t headDim, kvHeads, group;
  const int64_t queries, keys; ///< of a block
  const double scale;
  Value batch, kvHead;
  Value dqBegin; ///< of the item's part in dqs
  Value kBlock, kt, vt, qBlock, doBlock, p, ds, dk, dv, stats;
};

} // namespace

/// Adds the parts of dQ up: see partBegin.
FailureOr<int64_t> scheduleSumParts(KernelContext &context) {
  auto op = context.find<SumPartsOp>();
  Emitter &e = context.e;
  ArrayRef<int64_t> shape = shapeOf(op.getSum());
  auto round = context.find<RoundOp>(); // what is stored is rounded
  Value result = round ? round.getRounded() : op.getSum();
  int64_t parts = op.getParts(), blocks = llvm::divideCeil(shape[2], kPartAlignment);
  Value rows = context.rows(result);
  Values at = e.delinearize(context.item, {shape[0], shape[1], blocks});
  Value begin = e.mul(at[2], kPartAlignment);
  e.loop(begin, e.min(e.add(begin, kPartAlignment), rows), 1, [&](Value row) {
    Values sum = e.loadRow(context.buffer(op.getSplit()), {at[0], at[1], row}, shape[3]);
    for (int64_t part = 1; part < parts; ++part)
      sum = e.ifElse(
          e.lessEqual(beginOfPart(context, result, parts, part), row),
          [&] {
            return e.addRows(
                sum, e.loadRow(context.buffer(op.getSplit()), {at[0], at[1], e.add(row, part * shape[2])}, shape[3]));
          },
          [&] { return sum; });
    e.storeRow(sum, context.buffer(result), {at[0], at[1], row}, shape[3]);
  });
  return shape[0] * shape[1] * blocks;
}

FailureOr<int64_t> scheduleAttendBackward(KernelContext &context) {
  auto op = context.find<AttendBackwardOp>();
  for (Value result : op->getResults())
    if (!context.buffer(result))
      return op.emitOpError("expects all of its results to leave the kernel");
  return AttendBackwardSchedule(context, op).emit();
}

} // namespace lighthouse::host
