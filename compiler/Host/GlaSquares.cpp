// SPDX-License-Identifier: Apache-2.0
//
// Squared norms of gated linear attention's rows, both ways, in blocks of tokens.
//
// A work item has a residue class of a head. In a block of tokens i, with A the sums of their log gates from the
// block's first on, o_i = exp(A_i) q_i S + sum_{j <= i} exp(A_i - A_j) (q_i . k_j) v_j, and behind it S becomes
// exp(A_last) S + sum_j exp(A_last - A_j) k_j v_j^T (Yang et al., arXiv 2312.06635, section 4). q K^T serves both ways:
// with q and k swapped it is read transposed. A decay is always one power of a sum of gates, so gates above 0 are right
// too.
#include "compiler/Host/Matmul.h"

#include <numbers>

using namespace mlir;

namespace lighthouse::host {
namespace {

constexpr int64_t kTokens = 64; ///< of a block
/// log2 of a gate that forgets all: float32 has nothing as small as two to that.
constexpr double kLeastGate = -150.0;

class GlaSquaresSchedule {
public:
  GlaSquaresSchedule(KernelContext &context, GlaSquaresOp op)
      : c(context), e(context.e), op(op), shape(shapeOf(op.getQ())), headDim(shape[3]), dilation(op.getDilation()),
        group(shape[1] / shapeOf(op.getK())[1]), f32(e.b.getF32Type()) {}

  int64_t emit() {
    Values at = e.delinearize(c.item, {shape[0], shape[1], dilation});
    batch = at[0];
    head = at[1];
    kvHead = e.div(head, group);
    residue = at[2];
    makeScratch();
    // Tokens of the class; none where it begins behind the last.
    Value count = e.div(e.sub(e.add(c.rows(op.getQ()), dilation - 1), residue), dilation);
    e.loop(0, count, kTokens, [&](Value first) { emitBlock(first, e.min(kTokens, e.sub(count, first))); });
    return shape[0] * shape[1] * dilation;
  }

private:
  /// One way of the two: who asks and who is remembered.
  struct Way {
    Value x, y;    ///< rows of queries, and of keys
    Value weights; ///< exp(A_i - A_j) (x_i . y_j), zero where i may not hear j
    bool swapped;  ///< weights are [j][i]
    Value state, squares;
  };

  Value rows(int64_t count) { return e.scratch({count, headDim}, f32); }

  void makeScratch() {
    q = rows(kTokens);
    k = rows(kTokens);
    v = rows(kTokens);
    vDecayed = rows(kTokens);
    os = rows(kTokens);
    kt = e.scratch({headDim, kTokens}, f32);
    gates = e.scratch({kTokens}, f32);
    toToken = e.scratch({kTokens}, f32);
    toEnd = e.scratch({kTokens}, f32);
    for (auto [swapped, squares] : {std::pair(false, op.getOq()), {true, op.getOk()}})
      ways.push_back({swapped ? k : q, swapped ? q : k, e.scratch({kTokens, kTokens}, f32), swapped, rows(headDim),
                      c.buffer(squares)});
    for (const Way &way : ways)
      e.loop(0, headDim, 1, [&](Value d) { e.storeRow(e.zeroRow(headDim), way.state, {d}, headDim); });
  }

  void emitBlock(Value first, Value count) {
    sumGates(first, count);
    stage(first, count);
    weigh(count);
    for (const Way &way : ways) {
      emitOutputs(way, count);
      emitSquares(way, first, count);
      emitState(way, count);
    }
  }

  Value token(Value first, Value i) { return e.add(e.mul(e.add(first, i), dilation), residue); }

  //===-- Gates: all in powers of two ------------------------------------===//

  void sumGates(Value first, Value count) {
    Value zero = e.f32(0);
    last = e.loop(0, count, 1, {zero}, [&](Value i, ValueRange sum) -> Values {
      Value gate = e.load(c.buffer(op.getG()), {batch, head, token(first, i)});
      gate = arith::MulFOp::create(e.b, e.loc, gate, e.f32(std::numbers::log2e));
      gate = arith::MaximumFOp::create(e.b, e.loc, gate, e.f32(kLeastGate));
      Value next = arith::AddFOp::create(e.b, e.loc, sum[0], gate);
      e.store(next, gates, {i});
      return {next};
    })[0];
    for (Chunk n : e.chunks(kTokens)) {
      Value sums = e.loadVector(gates, {n.offset}, n.width);
      e.storeVector(power(sums), toToken, {n.offset});
      Value rest = arith::SubFOp::create(e.b, e.loc, e.splat(last, n.width), sums);
      e.storeVector(power(rest), toEnd, {n.offset});
    }
    Value scalar = e.scratch({8}, f32);
    e.storeVector(power(e.splat(last, 8)), scalar, {0});
    wholeBlock = e.load(scalar, {0});
  }

  /// 2^x; infinity from 128 on.
  Value power(Value x) {
    int64_t width = cast<VectorType>(x.getType()).getDimSize(0);
    Value most = e.splat(e.f32(128), width);
    Value beyond = arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OGT, x, most);
    return emitExp2(e, arith::SelectOp::create(e.b, e.loc, beyond, most, x));
  }

  //===-- Rows -----------------------------------------------------------===//

  void stage(Value first, Value count) {
    e.loop(0, count, 1, [&](Value i) {
      Value t = token(first, i);
      e.storeRow(e.loadRow(c.buffer(op.getQ()), {batch, head, t}, headDim), q, {i}, headDim);
      Values key = e.loadRow(c.buffer(op.getK()), {batch, kvHead, t}, headDim);
      e.storeRow(key, k, {i}, headDim);
      e.loop(0, headDim, 1, [&](Value d) { e.store(e.load(k, {i, d}), kt, {d, i}); });
      Values value = e.loadRow(c.buffer(op.getV()), {batch, kvHead, t}, headDim);
      e.storeRow(value, v, {i}, headDim);
      Value decay = e.load(toEnd, {i});
      for (Value &part : value)
        part = arith::MulFOp::create(e.b, e.loc, part, e.splat(decay, cast<VectorType>(part.getType()).getDimSize(0)));
      e.storeRow(value, vDecayed, {i}, headDim);
    });
  }

  /// Both ways' weights from one product: q_i . k_j where j <= i, and where j >= i it is k_j . q_i.
  void weigh(Value count) {
    Product p{count, kTokens, headDim};
    auto a = [&](Value m, Value d) { return e.load(q, {m, d}); };
    auto b = [&](Value d, Chunk n) { return e.loadVector(kt, {d, n.offset}, n.width); };
    auto finish = [&](Value m, Chunk n, Value product) {
      Value there = e.splat(e.load(gates, {m}), n.width), here = e.loadVector(gates, {n.offset}, n.width);
      Value row = e.splat(e.toI32(m), n.width), column = e.iota(n), zeros = e.zeros(n.width);
      auto weighed = [&](arith::CmpIPredicate heard, Value later, Value earlier, Value to) {
        Value decay = power(arith::SubFOp::create(e.b, e.loc, later, earlier));
        Value weight = arith::MulFOp::create(e.b, e.loc, product, decay);
        Value inside = arith::CmpIOp::create(e.b, e.loc, heard, column, row);
        e.storeVector(arith::SelectOp::create(e.b, e.loc, inside, weight, zeros), to, {m, n.offset});
      };
      weighed(arith::CmpIPredicate::sle, there, here, ways[0].weights);
      weighed(arith::CmpIPredicate::sge, here, there, ways[1].weights);
    };
    p.a = a;
    p.b = b;
    p.finish = finish;
    emitProduct(e, p);
  }

  //===-- One way --------------------------------------------------------===//

  void emitOutputs(const Way &way, Value count) {
    auto a = [&](Value m, Value d) { return e.load(way.x, {m, d}); };
    auto b = [&](Value d, Chunk n) { return e.loadVector(way.state, {d, n.offset}, n.width); };
    auto decayed = [&](Value m, Chunk n, Value sum) {
      Value decay = e.splat(e.load(toToken, {m}), n.width);
      e.storeVector(arith::MulFOp::create(e.b, e.loc, sum, decay), os, {m, n.offset});
    };
    Product before{count, headDim, headDim};
    before.a = a;
    before.b = b;
    before.finish = decayed;
    emitProduct(e, before);
    auto weight = [&](Value m, Value j) {
      return way.swapped ? e.load(way.weights, {j, m}) : e.load(way.weights, {m, j});
    };
    auto value = [&](Value j, Chunk n) { return e.loadVector(v, {j, n.offset}, n.width); };
    auto init = [&](Value m, Chunk n) { return e.loadVector(os, {m, n.offset}, n.width); };
    auto finish = [&](Value m, Chunk n, Value sum) { e.storeVector(sum, os, {m, n.offset}); };
    Product within{count, headDim, count};
    within.a = weight;
    within.b = value;
    within.init = init;
    within.finish = finish;
    emitProduct(e, within);
  }

  void emitSquares(const Way &way, Value first, Value count) {
    double scale = op.getScale().convertToDouble();
    e.loop(0, count, 1, [&](Value i) {
      for (int64_t part = 0, width = op.getPartColumns(); part < op.getNumParts(); ++part) {
        int64_t begin = part * width;
        Value total = e.f32(0);
        for (Chunk n : e.chunks(std::min(width, headDim - begin))) {
          Value row = e.loadVector(os, {i, begin + n.offset}, n.width);
          row = arith::MulFOp::create(e.b, e.loc, row, e.splat(e.f32(scale), n.width));
          Value square = arith::MulFOp::create(e.b, e.loc, row, row);
          Value sum = vector::ReductionOp::create(e.b, e.loc, vector::CombiningKind::ADD, square,
                                                  arith::FastMathFlags::reassoc);
          total = arith::AddFOp::create(e.b, e.loc, total, sum);
        }
        e.store(total, way.squares, {batch, head, part, token(first, i)});
      }
    });
  }

  void emitState(const Way &way, Value count) {
    auto a = [&](Value m, Value j) { return e.load(way.y, {j, m}); };
    auto b = [&](Value j, Chunk n) { return e.loadVector(vDecayed, {j, n.offset}, n.width); };
    auto init = [&](Value m, Chunk n) -> Value {
      return arith::MulFOp::create(e.b, e.loc, e.loadVector(way.state, {m, n.offset}, n.width),
                                   e.splat(wholeBlock, n.width));
    };
    auto finish = [&](Value m, Chunk n, Value sum) { e.storeVector(sum, way.state, {m, n.offset}); };
    Product p{headDim, headDim, count};
    p.a = a;
    p.b = b;
    p.init = init;
    p.finish = finish;
    emitProduct(e, p);
  }

  KernelContext &c;
  Emitter &e;
  GlaSquaresOp op;
  ArrayRef<int64_t> shape;
  const int64_t headDim, dilation, group;
  Type f32;
  Value batch, head, kvHead, residue;
  Value q, k, kt, v, vDecayed, os;
  Value gates;          ///< sums of log2 gates up to each token of the block
  Value toToken, toEnd; ///< decays from before the block to each token, and from each token to the block's last
  Value last, wholeBlock;
  SmallVector<Way> ways;
};

} // namespace

FailureOr<int64_t> scheduleGlaSquares(KernelContext &context) {
  auto op = context.find<GlaSquaresOp>();
  if (!context.buffer(op.getOq()) || !context.buffer(op.getOk()))
    return op.emitOpError("expects both of its results to leave the kernel");
  return GlaSquaresSchedule(context, op).emit();
}

} // namespace lighthouse::host
