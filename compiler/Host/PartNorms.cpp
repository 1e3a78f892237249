// SPDX-License-Identifier: Apache-2.0
//
// Norms of tokens from the squares of their parts.
#include "compiler/Host/Emitter.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace lighthouse::host {

/// Tokens of a work item.
static constexpr int64_t kTokens = 4096;

FailureOr<int64_t> schedulePartNorms(KernelContext &context) {
  auto op = context.find<PartNormsOp>();
  Emitter &e = context.e;
  ArrayRef<int64_t> shape = shapeOf(op.getOq());
  int64_t parts = shape[2], tokens = shape[3], runs = llvm::divideCeil(tokens, kTokens);
  Values at = e.delinearize(context.item, {shape[0], shape[1], runs});
  Value first = e.mul(at[2], kTokens);
  for (auto [from, to] : llvm::zip_equal(op.getOperands(), op.getResults())) {
    Value squares = context.buffer(from), norms = context.buffer(to);
    if (!norms)
      continue;
    e.loop(first, e.min(e.add(first, kTokens), tokens), 1, [&](Value token) {
      Value sum = e.load(squares, {at[0], at[1], 0, token});
      for (int64_t part = 1; part < parts; ++part)
        sum = arith::AddFOp::create(e.b, e.loc, sum, e.load(squares, {at[0], at[1], part, token}));
      e.store(math::SqrtOp::create(e.b, e.loc, sum), norms, {at[0], at[1], token});
    });
  }
  return shape[0] * shape[1] * runs;
}

} // namespace lighthouse::host
