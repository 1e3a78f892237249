// SPDX-License-Identifier: Apache-2.0
//
// Tokens to their residue classes: a copy, zeros behind the last token.
#include "compiler/Host/Emitter.h"

using namespace mlir;

namespace lighthouse::host {
namespace {

/// Rows of a work item.
constexpr int64_t kBlockRows = 128;

/// The items of one tensor.
void copyRows(KernelContext &c, DilateOp op, Value item, Value from, Value rows) {
  Emitter &e = c.e;
  Value tokens = c.buffer(from);
  int64_t dilation = op.getDilation();
  ArrayRef<int64_t> shape = shapeOf(rows);
  int64_t blocks = llvm::divideCeil(shape[2], kBlockRows);
  Values at = e.delinearize(item, {shape[0], shape[1], blocks});
  Values of = e.delinearize(at[0], {shape[0] / dilation, dilation}); // batch entry, residue class
  Value first = e.mul(at[2], kBlockRows), end = e.min(e.add(first, kBlockRows), shape[2]);
  e.loop(first, end, 1, [&](Value row) {
    Value token = e.add(e.mul(row, dilation), of[1]);
    auto copy = [&] { e.copyRow(tokens, {of[0], at[1], token}, rows, {at[0], at[1], row}, shape[3]); };
    auto zero = [&] { e.storeRow(e.zeroRow(shape[3]), rows, {at[0], at[1], row}, shape[3]); };
    if (!c.isVarlen(from) && shapeOf(from)[2] % dilation == 0)
      copy();
    else
      e.ifThen(e.less(token, c.rows(from)), copy, zero);
  });
}

} // namespace

FailureOr<int64_t> scheduleDilate(KernelContext &context) {
  auto op = context.find<DilateOp>();
  Emitter &e = context.e;
  // Items of q first, then those of k and v.
  int64_t items = 0;
  for (auto [from, to] : llvm::zip_equal(op.getOperands(), op.getResults())) {
    Value rows = context.buffer(to);
    if (!rows)
      continue;
    ArrayRef<int64_t> shape = shapeOf(to);
    int64_t count = shape[0] * shape[1] * llvm::divideCeil(shape[2], kBlockRows);
    Value mine = e.sub(context.item, items); // of an earlier tensor's items, a huge number
    e.ifThen(e.less(mine, count), [&] { copyRows(context, op, mine, from, rows); });
    items += count;
  }
  return items;
}

} // namespace lighthouse::host
