// SPDX-License-Identifier: Apache-2.0
//
// Gathering rows of the pyramids: a copy, level 0 straight from the tokens.
#include "compiler/Host/Emitter.h"

using namespace mlir;

namespace lighthouse::host {
namespace {

/// Rows of a work item.
constexpr int64_t kBlockRows = 128;

/// A pyramid's parts in memory, and its rows gathered.
struct Source {
  Value tokens, coarse, rows;
  Value head; ///< to read
};

class GatherSchedule {
public:
  GatherSchedule(KernelContext &context, GatherOp op)
      : c(context), e(context.e), op(op), pyramid(pyramidOf(op.getPq())), shape(shapeOf(op.getQs())) {}

  FailureOr<int64_t> emit() {
    int64_t blocks = llvm::divideCeil(shape[2], kBlockRows);
    Values at = e.delinearize(c.item, {shape[0], shape[1], blocks});
    batch = at[0];
    head = at[1];
    if (failed(findSources()))
      return failure();
    Value first = e.mul(at[2], kBlockRows), end = e.min(e.add(first, kBlockRows), shape[2]);
    e.loop(first, end, 1, [&](Value slot) { emitRow(slot); });
    return shape[0] * shape[1] * blocks;
  }

private:
  LogicalResult findSources() {
    Value kvHead = e.div(head, shape[1] / shapeOf(op.getPk())[1]);
    Value pyramids[] = {op.getPq(), op.getPk(), op.getPv()}, results[] = {op.getQs(), op.getKs(), op.getVs()};
    for (auto [i, each] : llvm::enumerate(pyramids)) {
      auto stack = each.getDefiningOp<StackOp>();
      if (!stack)
        return op.emitOpError("expects a pyramid to be a lighthouse.stack of its tokens and coarse levels, but got ")
               << each;
      if (Value rows = c.buffer(results[i]))
        sources.push_back({c.buffer(stack.getTokens()), c.buffer(stack.getCoarse()), rows, i == 0 ? head : kvHead});
      tokens = c.rows(stack.getTokens());
      varlen = c.isVarlen(stack.getTokens());
    }
    return success();
  }

  void emitRow(Value slot) {
    int64_t padded = pyramid.getPaddedLen();
    Value entry = e.toIndex(e.load(c.buffer(op.getIndices()), {batch, head, slot}));
    auto token = [&] {
      for (const Source &each : sources)
        copy(each.tokens, each.head, entry, each.rows, slot);
    };
    auto padding = [&] {
      for (const Source &each : sources)
        e.storeRow(e.zeroRow(shape[3]), each.rows, {batch, head, slot}, shape[3]);
    };
    auto coarse = [&] {
      Value row = e.sub(entry, padded);
      for (const Source &each : sources)
        copy(each.coarse, each.head, row, each.rows, slot);
    };
    e.ifThen(e.less(entry, tokens), token, [&] {
      if (!varlen && padded == pyramid.getSeqLen())
        coarse();
      else
        e.ifThen(e.less(entry, padded), padding, coarse);
    });
  }

  void copy(Value from, Value fromHead, Value row, Value to, Value slot) {
    e.copyRow(from, {batch, fromHead, row}, to, {batch, head, slot}, shape[3]);
  }

  KernelContext &c;
  Emitter &e;
  GatherOp op;
  PyramidAttr pyramid;
  ArrayRef<int64_t> shape; ///< of qs
  Value batch, head;
  Value tokens; ///< how many there are
  bool varlen = false;
  SmallVector<Source> sources;
};

} // namespace

FailureOr<int64_t> scheduleGather(KernelContext &context) {
  return GatherSchedule(context, context.find<GatherOp>()).emit();
}

} // namespace lighthouse::host
