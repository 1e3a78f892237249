// SPDX-License-Identifier: Apache-2.0
//
// Norms of tokens from the squares of their parts: a token a thread.
#include "compiler/Cuda/Schedule.h"

using namespace mlir;

namespace lighthouse::cuda {

FailureOr<Grid> schedulePartNorms(KernelContext &context) {
  auto op = context.find<PartNormsOp>();
  TileBuilder &t = context.t;
  ArrayRef<int64_t> shape = shapeOf(op.getOq());
  int64_t threads = context.parameter("threads", 256, {128, 256, 512}), runs = llvm::divideCeil(shape[3], threads);
  auto type = tile::tileType({threads}, t.b.getF32Type(), tile::LinearAttr::get(t.b.getContext(), threads));
  Values at = t.delinearize(t.blockId(), {runs, shape[0], shape[1]});
  Value token = t.add(t.range(threads, type.getEncoding()), t.mul(at[0], threads)), inside = t.less(token, shape[3]);
  for (auto [from, to] : llvm::zip_equal(op.getOperands(), op.getResults())) {
    if (!context.view(to))
      continue;
    Value sum = t.load(type, context.view(from), {at[1], at[2], t.i32(0), token}, inside);
    for (int64_t part = 1; part < shape[2]; ++part)
      sum = t.add(sum, t.load(type, context.view(from), {at[1], at[2], t.i32(part), token}, inside));
    t.store(t.sqrt(sum), context.view(to), {at[1], at[2], token}, inside);
  }
  return Grid{runs * shape[0] * shape[1], threads};
}

} // namespace lighthouse::cuda
