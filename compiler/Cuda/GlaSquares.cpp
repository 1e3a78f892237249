// SPDX-License-Identifier: Apache-2.0
//
// Squared norms of gated linear attention's rows, in blocks of tokens.
//
// With A the sums of the log gates from a block's first token on, token i of it gives exp(A_i) x_i S + sum_{j <= i}
// exp(A_i - A_j) (x_i . y_j) v_j, and then S becomes exp(A_last) S + sum_j exp(A_last - A_j) y_j v_j^T (Yang et al.,
// arXiv 2312.06635, section 4). The state S stays in registers; rounded to the element type it is a factor in shared
// memory. Parts of columns share no state, and a row's norm is the root of its parts' sum, so no block waits for
// another.
#include "compiler/Cuda/GlaSquares.h"

#include <numbers>

using namespace mlir;

namespace lighthouse::cuda {

/// log2 of a gate that forgets all: float32 has nothing as small as two to that.
static constexpr double kLeastGate = -150.0;

GlaPlace::GlaPlace(KernelContext &context, GlaSquaresOp op, int64_t tokens)
    : c(context), t(context.t), op(op), sizes(op.getQ(), op.getK(), op.getScale().convertToDouble()),
      length(t.rows(context.view(op.getQ()))), tokens(tokens), dilation(op.getDilation()), parts(op.getNumParts()),
      f32(t.b.getF32Type()) {}

void GlaPlace::find() {
  Values at = t.delinearize(t.blockId(), {sizes.batch, sizes.heads, dilation, parts, 2});
  batch = at[0];
  head = at[1];
  kvHead = t.div(head, sizes.group());
  residue = at[2];
  part = at[3];
  way = at[4];
}

Value GlaPlace::blocksOfClass() {
  Value count = t.div(t.add(t.sub(length, residue), dilation - 1), dilation);
  return t.div(t.add(count, tokens - 1), tokens);
}

Value GlaPlace::token(Value run, Operand i) { return t.add(t.mul(t.add(i, t.mul(run, tokens)), dilation), residue); }

void GlaPlace::copy(ArrayRef<Value> tiles, Value run) {
  Value row = token(run, 0), column = t.mul(part, op.getPartColumns());
  t.copy(c.view(op.getQ()), {batch, head, row}, length, tiles[0], dilation);
  t.copy(c.view(op.getK()), {batch, kvHead, row}, length, tiles[1], dilation);
  t.copy(c.view(op.getV()), {batch, kvHead, row, column}, length, tiles[2], dilation);
  t.copy(c.view(op.getG()), {batch, head, row}, length, tiles[3], dilation);
}

std::pair<Value, Value> GlaPlace::asked(ArrayRef<Value> tiles) {
  return {t.choose(tiles[0], tiles[1], way), t.choose(tiles[1], tiles[0], way)};
}

Value GlaPlace::sumGates(Value gates, RankedTensorType square) {
  gates = t.max(t.mul(gates, std::numbers::log2e), kLeastGate);
  return t.reduce(tile::Reduction::Add, t.keep(tile::Triangle::Lower, t.expand(gates, square), t.i32(0), 0));
}

void GlaPlace::store(Value os, Value run, RankedTensorType row) {
  os = t.mul(os, sizes.scale);
  Value squares = t.reduce(tile::Reduction::Add, t.mul(os, os));
  Value number = token(run, t.range(tokens, row.getEncoding())), inside = t.less(number, length);
  for (auto [which, result] : llvm::enumerate(op.getResults()))
    if (Value view = c.view(result))
      t.ifThen(t.equal(way, static_cast<int64_t>(which)),
               [&] { t.store(squares, view, {batch, head, part, number}, inside); });
}

namespace {

class GlaSquaresSchedule : GlaPlace {
public:
  GlaSquaresSchedule(KernelContext &context, GlaSquaresOp op)
      : GlaSquaresSchedule(context, op, getElementTypeOrSelf(op.getQ()).isF32() || shapeOf(op.getQ()).back() > 128) {}

  FailureOr<Grid> emit() {
    if (failed(Stream::check(c)))
      return failure();
    find();
    auto shared = [&](int64_t rows, int64_t columns) {
      return tile::SharedType::get(t.b.getContext(), {rows, columns}, sizes.element);
    };
    auto numbers = tile::SharedType::get(t.b.getContext(), {tokens}, f32);
    state = t.alloc(shared(depth, width));
    sums = t.alloc(numbers);
    Stream stream(c, {shared(tokens, depth), shared(tokens, depth), shared(tokens, width), numbers},
                  shared(depth, width).bytes() + numbers.bytes());
    stream.go(
        t.i32(0), blocksOfClass(), Values{t.constant(tileOf(depth, width), 0)},
        [&](ArrayRef<Value> tiles, Value run) { copy(tiles, run); },
        [&](ArrayRef<Value> tiles, Value run, ValueRange carried) { return step(tiles, run, carried[0]); });
    return Grid{grid(), warps * 32};
  }

private:
  /// 16 tokens a warp, and of wide rows fewer warps: two blocks of rows have to fit shared memory, a state registers.
  GlaSquaresSchedule(KernelContext &context, GlaSquaresOp op, bool wide)
      : GlaPlace(context, op, wide ? 32 : 64), warps(tokens / 16), depth(llvm::alignTo(sizes.head_dim, tokens)),
        width(llvm::alignTo(op.getPartColumns(), 16)), layout(tile::MmaAttr::get(t.b.getContext(), warps)) {}

  RankedTensorType tileOf(int64_t rows, int64_t columns) { return tile::tileType({rows, columns}, f32, layout); }

  /// One block of tokens; gives the state behind it.
  Values step(ArrayRef<Value> tiles, Value run, Value before) {
    auto [x, y] = asked(tiles);
    Value v = tiles[2];
    RankedTensorType square = tileOf(tokens, tokens), rows = tileOf(tokens, width);
    RankedTensorType row = tile::tileType({tokens}, f32, tile::rowSlice(layout)),
                     column = tile::tileType({tokens}, f32, tile::columnSlice(layout));
    // By row they are in registers, by column they come through shared memory.
    Value byRow = sumGates(t.read(column, tiles[3]), square);
    t.write(byRow, sums);
    t.write(t.convert(before, sizes.element), state);
    t.barrier();
    Value weights = t.dot(x, y, t.constant(square, 0), /*transposed=*/true);
    Value byColumn = t.read(column, sums), last = t.readAt(sums, tokens - 1);
    weights = t.mul(weights, t.exp2(t.sub(t.expand(byRow, square), t.expand(byColumn, square))));
    weights = t.keep(tile::Triangle::Lower, weights, t.i32(0), 0);
    weights = t.convert(weights, sizes.element);
    t.barrier(); // The assembler begins the next product's loads here, not among the weights, which takes registers.
    Value os = t.mul(t.dot(x, state, t.constant(rows, 0)), t.expand(t.exp2(byRow), rows));
    store(t.dot(weights, v, os), run, row);

    return {t.dot(y, decayedValues(v, t.exp2(t.sub(last, byRow)), x), t.mul(before, t.exp2(last)), false,
                  /*aTransposed=*/true)};
  }

  /// Values times what is left of them at the block's end, in the place of x.
  Value decayedValues(Value v, Value decay, Value x) {
    RankedTensorType rows = tileOf(tokens, width);
    Value decayed = t.mul(t.convert(t.read(rows.clone(sizes.element), v), f32), t.expand(decay, rows));
    Value shared = t.alias(x, {tokens, width}, sizes.element);
    t.barrier(); // All are done with x.
    t.write(t.convert(decayed, sizes.element), shared);
    t.barrier();
    return shared;
  }

  const int64_t warps;
  const int64_t depth; ///< rows of the state: head_dim rounded up to whole blocks of rows
  const int64_t width; ///< columns of a part, rounded up to what a product takes
  Attribute layout;
  Value state, sums; ///< shared
};

} // namespace

FailureOr<Grid> scheduleGlaSquares(KernelContext &context) {
  return GlaSquaresSchedule(context, context.find<GlaSquaresOp>()).emit();
}

} // namespace lighthouse::cuda
