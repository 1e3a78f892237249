// SPDX-License-Identifier: Apache-2.0
//
// Gradients of rows back to tokens, the gradient of the pyramid never in memory: each token looks its windows' rows up.
#include "compiler/Host/Emitter.h"

using namespace mlir;

namespace lighthouse::host {
namespace {

/// Tokens of a work item, unless one window of level 1 has more.
constexpr int64_t kBlockTokens = 256;

/// One of dq, dk and dv: the rows' gradients, and the tokens', which sum `group` heads of the rows'.
struct Stream {
  Value rows, tokens;
  int64_t group;
  Value count; ///< of the tokens
};

class UnpoolSchedule {
public:
  UnpoolSchedule(KernelContext &context, GatherBackwardOp gather, PoolBackwardOp pool)
      : c(context), e(context.e), pyramid(pyramidOf(pool.getDpq())), slots(c.buffer(gather.getIndices())),
        factor(pyramid.getPoolingFactor()), headDim(shapeOf(pool.getDq())[3]) {
    int64_t group = shapeOf(pool.getDq())[1] / shapeOf(pool.getDk())[1];
    addStream(gather.getDqs(), pool.getDq(), 1);
    addStream(gather.getDks(), pool.getDk(), group);
    addStream(gather.getDvs(), pool.getDv(), group);
  }

  int64_t emit() { return streams.empty() ? 0 : emitStreams(streams, c.item); }

private:
  void addStream(Value rows, Value tokens, int64_t group) {
    if (Value written = c.buffer(tokens))
      streams.push_back({c.buffer(rows), written, group, c.rows(tokens)});
  }

  /// The items of the first stream, then those of the others; gives how many these are.
  int64_t emitStreams(ArrayRef<Stream> rest, Value item) {
    stream = rest.front();
    ArrayRef<int64_t> shape = shapeOf(stream.tokens);
    int64_t block = std::max(factor, kBlockTokens / factor * factor);
    int64_t blocks = llvm::divideCeil(pyramid.getSeqLen(), block), items = shape[0] * shape[1] * blocks;
    auto body = [&] { emitBlock(e.delinearize(item, {shape[0], shape[1], blocks}), block); };
    if (rest.size() == 1) {
      body();
      return items;
    }
    int64_t others = 0;
    e.ifThen(e.less(item, items), body, [&] { others = emitStreams(rest.drop_front(), e.sub(item, items)); });
    return items + others;
  }

  void emitBlock(ValueRange at, int64_t block) {
    batch = at[0];
    head = at[1];
    Value first = e.mul(at[2], block), end = e.min(e.add(first, block), stream.count);
    e.loop(first, end, factor, [&](Value window) {
      Values coarse = sumLevels(window, 1, pyramid.getNumLevels(), e.zeroRow(headDim));
      e.loop(window, e.min(e.add(window, factor), end), 1, [&](Value token) {
        e.storeRow(sumLevels(token, 0, 1, coarse), stream.tokens, {batch, head, token}, headDim);
      });
    });
  }

  /// initial + the gradients of the token's windows of levels begin .. end-1, over the stream's heads.
  Values sumLevels(Value token, int64_t begin, int64_t end, Values initial) {
    if (stream.group == 1)
      return sumLevelsOfHead(token, head, begin, end, initial);
    Value first = e.mul(head, stream.group);
    return e.loop(first, e.add(first, stream.group), 1, initial, [&](Value each, ValueRange carried) {
      return sumLevelsOfHead(token, each, begin, end, Values(carried));
    });
  }

  Values sumLevelsOfHead(Value token, Value rowHead, int64_t begin, int64_t end, Values sum) {
    for (int64_t level = begin; level < end; ++level) {
      int64_t length = pyramid.windowLength(level);
      Value slot = e.load(slots, {batch, rowHead, e.add(e.div(token, length), pyramid.levelBegin(level))});
      Value selected = arith::CmpIOp::create(e.b, e.loc, arith::CmpIPredicate::sge, slot, e.i32(0));
      auto share = [&] {
        Values row = e.loadRow(stream.rows, {batch, rowHead, e.toIndex(slot)}, headDim);
        return e.addRows(sum, level == 0 ? row : e.scaleRow(row, 1.0 / length));
      };
      sum = e.ifElse(selected, share, [&] { return sum; });
    }
    return sum;
  }

  KernelContext &c;
  Emitter &e;
  PyramidAttr pyramid;
  Value slots;
  const int64_t factor, headDim;
  SmallVector<Stream> streams;
  Stream stream; ///< being emitted
  Value batch, head;
};

} // namespace

FailureOr<int64_t> scheduleUnpool(KernelContext &context) {
  auto gather = context.find<GatherBackwardOp>();
  auto pool = context.find<PoolBackwardOp>();
  if (!pool)
    return gather.emitOpError("expects pool_backward in its kernel, but got none");
  if (!gather.getInverse())
    return gather.emitOpError("expects an inverse selection (lighthouse-invert-selections makes it)");
  for (Value pyramid : gather->getResults())
    if (context.buffer(pyramid))
      return gather.emitOpError("expects its results to stay in the kernel, but got one that leaves it");
  return UnpoolSchedule(context, gather, pool).emit();
}

} // namespace lighthouse::host
