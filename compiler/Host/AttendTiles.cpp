// SPDX-License-Identifier: Apache-2.0
//
// Causal attention of bfloat16 rows, forward, with products of bfloat16 tiles that sum in float32 (AMX).
//
// As in Attend.cpp, queries are on the vector lanes, and keys come in blocks: S^T[key][query] = K Q^T, O^T[d][query] +=
// V^T P^T. A tile product C[16][16] += A[16][32] B[32][16] takes B in pairs of rows, [16][16][2]: Q^T so once an item,
// P^T as it is made, and V is transposed once a block.
//
// Products of two bfloat16 numbers are exact in float32, so S is what Attend.cpp computes. P is split into three
// bfloat16 parts, whose sum has all 24 bits: a weight's rounding would be the largest error there is. The price is two
// more products of V, of a unit that is far from busy: the exponentials take the time.
#include "compiler/Host/Attend.h"

#include "mlir/Dialect/AMX/AMXDialect.h"

#include <array>
#include <limits>
#include <numbers>

using namespace mlir;

namespace lighthouse::host {
namespace {

constexpr int64_t kTile = 16;     ///< rows of a tile; columns of one of float32
constexpr int64_t kDepth = 32;    ///< bfloat16 columns of a tile
constexpr int64_t kParts = 3;     ///< of a weight
constexpr int64_t kKeys = 64;     ///< of a block
constexpr int64_t kGroup = 32;    ///< queries taken through a block at a time
constexpr int64_t kQueries = 256; ///< of a work item
constexpr int64_t kPad = 32; ///< elements behind a row of queries: rows apart by a power of two share few cache sets

class AttendTilesSchedule {
public:
  AttendTilesSchedule(KernelContext &context, AttendOp op)
      : c(context), e(context.e), op(op), shape(shapeOf(op.getOs())), rows(context.rows(op.getQs())), headDim(shape[3]),
        depth(llvm::alignTo(headDim, kDepth)), height(llvm::alignTo(headDim, kTile)),
        staged(context.isVarlen(op.getKs()) || shape[2] % kKeys != 0 || depth != headDim),
        scale(op.getScale().convertToDouble() * std::numbers::log2e) {}

  int64_t emit() {
    int64_t blocks = llvm::divideCeil(shape[2], kQueries);
    Values at = e.delinearize(c.item, {shape[0], shape[1], blocks});
    batch = at[0];
    head = at[1];
    qHead = sharedHead(e, op, head, op.getQs());
    kHead = sharedHead(e, op, head, op.getKs());
    vHead = sharedHead(e, op, head, op.getVs());
    // The longest blocks first, so that threads end together.
    first = e.mul(e.sub(blocks - 1, at[2]), kQueries);
    ifAny(c, op, first, [&] { emitItem(); });
    return shape[0] * shape[1] * blocks;
  }

private:
  void emitItem() {
    makeScratch();
    stageQueries();
    e.loop(0, e.min(e.add(first, kQueries), rows), kKeys, [&](Value key) {
      if (staged)
        stageKeys(key);
      stageValues(key);
      // Group by group, so that scores and weights stay in the innermost cache.
      e.loop(0, kQueries, kGroup, [&](Value query) {
        Value begin = e.add(first, query);
        e.ifThen(e.less(key, e.add(begin, kGroup)), [&] { emitGroup(key, query, begin); });
      });
    });
    finishAttend(c, op, {batch, head, first, ot, maxima, sums});
  }

  /// The block of keys for a group of queries, `begin` the first of them; `query` is its place in the item.
  void emitGroup(Value key, Value query, Value begin) {
    scores(key, query);
    // Past the group's first query, some queries come before some keys.
    e.ifThen(e.less(e.add(begin, 1), e.add(key, kKeys)), [&] { mask(key, begin); });
    e.loop(0, kGroup, kTile, [&](Value column) { weigh(e.add(query, column), column); });
    accumulate(query);
  }

  //===-- Scratch --------------------------------------------------------===//

  void makeScratch() {
    Type f32 = e.b.getF32Type(), bf16 = e.b.getBF16Type();
    qt = e.scratch({depth / 2, 2 * kQueries + kPad}, bf16);
    if (staged)
      kBlock = e.scratch({kKeys, depth}, bf16);
    vt = e.scratch({height, kKeys}, bf16);
    pair = e.scratch({2 * headDim}, bf16);
    st = e.scratch({kKeys, kGroup}, f32);
    for (Value &part : parts)
      part = e.scratch({kKeys / 2, 2 * kGroup}, bf16);
    ot = e.scratch({height, kQueries + kPad}, f32);
    maxima = e.scratch({kQueries}, f32);
    sums = e.scratch({kQueries}, f32);
    // Padding up to whole tiles is zero, and stays so.
    fill(qt, headDim / 2);
    fill(vt, headDim);
    fill(ot, 0);
    if (staged)
      fill(kBlock, 0);
    e.loop(0, kQueries, kTile, [&](Value query) {
      e.storeVector(infinity(), maxima, {query});
      e.storeVector(e.zeros(kTile), sums, {query});
    });
  }

  /// Zeros in rows `from` and on.
  void fill(Value scratch, int64_t from) {
    ArrayRef<int64_t> size = shapeOf(scratch);
    if (from == size[0])
      return;
    auto type = cast<MemRefType>(scratch.getType());
    int64_t width = 8;
    Value zeros = arith::ConstantOp::create(e.b, e.loc, e.b.getZeroAttr(e.vectorType(width, type.getElementType())));
    e.loop(from, size[0], 1, [&](Value row) {
      e.loop(0, size[1], width, [&](Value column) { e.storeRaw(zeros, scratch, {row, column}); });
    });
  }

  Value infinity() { return e.splat(e.f32(-std::numeric_limits<float>::infinity()), kTile); }

  //===-- Staging --------------------------------------------------------===//

  /// Two neighbours, [row][2 d] to [d][2 column].
  void movePairs(Value from, ArrayRef<Index> at, Value to, Value column, int64_t count) {
    e.loop(0, count, 1, [&](Value d) {
      SmallVector<Index> source(at);
      source.push_back(e.mul(d, 2));
      e.storeRaw(e.loadRaw(from, source, 2), to, {d, e.mul(column, 2)});
    });
  }

  void stageQueries() {
    e.loop(0, kQueries, 1, [&](Value query) {
      Value row = e.min(e.add(first, query), e.sub(rows, 1));
      movePairs(c.buffer(op.getQs()), {batch, qHead, row}, qt, query, headDim / 2);
    });
  }

  void stageKeys(Value key) {
    e.loop(0, kKeys, 1, [&](Value j) {
      Value row = e.min(e.add(key, j), e.sub(rows, 1));
      for (int64_t d = 0; d < headDim; d += 8)
        e.storeRaw(e.loadRaw(c.buffer(op.getKs()), {batch, kHead, row, d}, 8), kBlock, {j, d});
    });
  }

  /// Transposed, two keys at a time.
  void stageValues(Value key) {
    e.loop(0, kKeys / 2, 1, [&](Value j) {
      Value even = e.add(key, e.mul(j, 2)), odd = e.add(even, 1);
      for (int64_t d = 0; d < headDim; d += 8) {
        auto load = [&](Value row) {
          return e.loadRaw(c.buffer(op.getVs()), {batch, vHead, e.min(row, e.sub(rows, 1)), d}, 8);
        };
        e.storeRaw(interleave(load(even), load(odd)), pair, {2 * d});
      }
      movePairs(pair, {}, vt, j, headDim);
    });
  }

  Value interleave(Value even, Value odd) {
    int64_t width = cast<VectorType>(even.getType()).getDimSize(0);
    SmallVector<int64_t> lanes;
    for (int64_t lane = 0; lane < width; ++lane)
      lanes.append({lane, width + lane});
    return vector::ShuffleOp::create(e.b, e.loc, even, odd, lanes);
  }

  //===-- Products -------------------------------------------------------===//

  amx::TileType inputTile() { return amx::TileType::get({kTile, kDepth}, e.b.getBF16Type()); }
  amx::TileType sumTile() { return amx::TileType::get({kTile, kTile}, e.b.getF32Type()); }

  Value loadTile(Type type, Value from, ArrayRef<Index> at) {
    auto indices = llvm::map_to_vector(at, [&](const Index &i) { return e.index(i); });
    return amx::TileLoadOp::create(e.b, e.loc, type, from, indices);
  }

  /// A matrix in memory: the rows from `row` and the columns from `column` of its last two dimensions.
  struct Matrix {
    Value memory;
    SmallVector<Index> outer;
    Index row, column;

    SmallVector<Index> at(Emitter &e, Index down, Index right) const {
      SmallVector<Index> result(outer);
      result.append({e.add(row, down), e.add(column, right)});
      return result;
    }
  };

  /// `to` [16 height][32] = or += A [16 height][depth] times the sum of `bs` [depth / 2][32][2]. Height is 1 or 2: each
  /// tile that is loaded serves two products.
  void product(const Matrix &a, int64_t height, ArrayRef<Matrix> bs, int64_t depth, const Matrix &to, bool add) {
    Values sums;
    for (int64_t i = 0; i < height; ++i)
      for (int64_t j = 0; j < 2; ++j)
        sums.push_back(add ? loadTile(sumTile(), to.memory, to.at(e, i * kTile, j * kTile))
                           : amx::TileZeroOp::create(e.b, e.loc, sumTile()).getResult());
    for (int64_t k = 0; k < depth; k += kDepth) {
      Values left;
      for (int64_t i = 0; i < height; ++i)
        left.push_back(loadTile(inputTile(), a.memory, a.at(e, i * kTile, k)));
      for (const Matrix &b : bs)
        for (int64_t j = 0; j < 2; ++j) {
          Value right = loadTile(inputTile(), b.memory, b.at(e, k / 2, 2 * j * kTile));
          for (int64_t i = 0; i < height; ++i)
            sums[2 * i + j] = amx::TileMulFOp::create(e.b, e.loc, sumTile(), left[i], right, sums[2 * i + j]);
        }
    }
    for (int64_t i = 0; i < height; ++i)
      for (int64_t j = 0; j < 2; ++j) {
        auto indices =
            llvm::map_to_vector(to.at(e, i * kTile, j * kTile), [&](const Index &each) { return e.index(each); });
        amx::TileStoreOp::create(e.b, e.loc, to.memory, indices, sums[2 * i + j]);
      }
  }

  void scores(Value key, Value query) {
    e.loop(0, kKeys, 2 * kTile, [&](Value m) {
      Matrix keys{kBlock, {}, m, 0};
      if (!staged)
        keys = {c.buffer(op.getKs()), {batch, kHead}, e.add(key, m), 0};
      product(keys, 2, {{qt, {}, 0, e.mul(query, 2)}}, depth, {st, {}, m, 0}, /*add=*/false);
    });
  }

  /// O^T += V^T P^T
  void accumulate(Value query) {
    SmallVector<Matrix> weights;
    for (Value part : parts)
      weights.push_back({part, {}, 0, 0});
    int64_t step = height % (2 * kTile) == 0 ? 2 : 1;
    e.loop(0, height, step * kTile,
           [&](Value m) { product({vt, {}, m, 0}, step, weights, kKeys, {ot, {}, m, query}, /*add=*/true); });
  }

  //===-- Softmax --------------------------------------------------------===//

  /// Minus infinity where the query comes before the key.
  void mask(Value key, Value begin) {
    e.loop(0, kKeys, 1, [&](Value j) {
      for (int64_t n = 0; n < kGroup; n += kTile) {
        Value query = arith::AddIOp::create(e.b, e.loc, e.iota({n, kTile}), e.splat(e.toI32(begin), kTile));
        Value seen =
            arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sle, e.splat(e.toI32(e.add(key, j)), kTile), query);
        e.storeVector(arith::SelectOp::create(e.b, e.loc, seen, e.loadVector(st, {j, n}, kTile), infinity()), st,
                      {j, n});
      }
    });
  }

  /// NaN as x is passed over: it comes out of its own weight.
  Value larger(Value than, Value x) {
    Value is = arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::OGT, x, than);
    return arith::SelectOp::create(e.b, e.loc, is, x, than);
  }

  Value largestScore(Value column) {
    constexpr int64_t kChains = 4; // A maximum takes that many cycles.
    Values several = e.loop(0, kKeys, kChains, Values(kChains, infinity()), [&](Value j, ValueRange carried) {
      Values next;
      for (int64_t i = 0; i < kChains; ++i)
        next.push_back(larger(carried[i], e.loadVector(st, {e.add(j, i), column}, kTile)));
      return next;
    });
    return larger(larger(several[0], several[1]), larger(several[2], several[3]));
  }

  /// For 16 queries, whose scores are at `column`: the new maximum, the weights in parts, and what went before scaled
  /// to the new maximum.
  void weigh(Value query, Value column) {
    Value factor = e.splat(e.f32(scale), kTile), before = e.loadVector(maxima, {query}, kTile);
    Value largest = larger(before, arith::MulFOp::create(e.b, e.loc, largestScore(column), factor));
    Value minus = arith::NegFOp::create(e.b, e.loc, largest);
    auto weight = [&](Value j) {
      return emitExp2(e, vector::FMAOp::create(e.b, e.loc, e.loadVector(st, {j, column}, kTile), factor, minus));
    };
    Value sum = e.loop(0, kKeys / 2, 1, e.zeros(kTile), [&](Value j, ValueRange carried) -> Values {
      Value even = weight(e.mul(j, 2)), odd = weight(e.add(e.mul(j, 2), 1));
      storeParts(even, odd, j, column);
      return {arith::AddFOp::create(e.b, e.loc, arith::AddFOp::create(e.b, e.loc, carried[0], even), odd)};
    })[0];
    Value shrink = emitExp2(e, arith::AddFOp::create(e.b, e.loc, before, minus));
    e.storeVector(vector::FMAOp::create(e.b, e.loc, e.loadVector(sums, {query}, kTile), shrink, sum), sums, {query});
    e.storeVector(largest, maxima, {query});
    e.loop(0, headDim, 1, [&](Value d) {
      e.storeVector(arith::MulFOp::create(e.b, e.loc, e.loadVector(ot, {d, query}, kTile), shrink), ot, {d, query});
    });
  }

  /// The upper halves of two vectors' elements are a pair of bfloat16 each: cut off, not rounded, what is left is
  /// exact.
  void storeParts(Value even, Value odd, Value j, Value column) {
    VectorType bits = e.vectorType(kTile, e.b.getI32Type()), narrow = e.vectorType(2 * kTile, e.b.getBF16Type());
    Value upper = e.splat(e.i32(static_cast<int32_t>(0xffff0000)), kTile), half = e.splat(e.i32(16), kTile);
    for (Value part : parts) {
      auto taken = [&](Value whole) {
        return arith::AndIOp::create(e.b, e.loc, arith::BitcastOp::create(e.b, e.loc, bits, whole), upper).getResult();
      };
      Value first = taken(even), second = taken(odd);
      Value both = arith::OrIOp::create(e.b, e.loc, arith::ShRUIOp::create(e.b, e.loc, first, half), second);
      e.storeRaw(vector::BitCastOp::create(e.b, e.loc, narrow, both), part, {j, e.mul(column, 2)});
      auto rest = [&](Value whole, Value part) {
        Value number = arith::BitcastOp::create(e.b, e.loc, e.vectorType(kTile), part);
        return arith::SubFOp::create(e.b, e.loc, whole, number).getResult();
      };
      even = rest(even, first);
      odd = rest(odd, second);
    }
  }

  KernelContext &c;
  Emitter &e;
  AttendOp op;
  ArrayRef<int64_t> shape;
  const Value rows;
  const int64_t headDim;
  const int64_t depth;  ///< headDim in whole tiles of bfloat16
  const int64_t height; ///< headDim in whole tiles of float32
  const bool staged;    ///< keys are copied into whole blocks of whole tiles
  const double scale;   ///< times log2(e)
  Value batch, head, first;
  Value qHead, kHead, vHead; ///< that `head` reads
  Value qt, kBlock, vt, pair, st, ot, maxima, sums;
  std::array<Value, kParts> parts; ///< of P^T, the largest first
};

} // namespace

int64_t emitAttendTiles(KernelContext &context, AttendOp op) { return AttendTilesSchedule(context, op).emit(); }

} // namespace lighthouse::host
