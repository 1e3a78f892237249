// SPDX-License-Identifier: Apache-2.0
//
// Norms of rows that a kernel has in registers, to the places of the rows' tokens.
#include "compiler/Cuda/Schedule.h"

using namespace mlir;

namespace lighthouse::cuda {

void storeTokenNorms(KernelContext &context, TokenNormOp op, Value rows, Value batch, Value head, Value row) {
  TileBuilder &t = context.t;
  int64_t dilation = op.getDilation(), length = op.getSeqLen();
  Values of = t.delinearize(batch, {shapeOf(op.getNorms())[0], dilation}); // batch entry, residue class
  Value token = t.add(t.mul(row, dilation), of[1]);
  Value norms = t.sqrt(t.reduce(tile::Reduction::Add, t.mul(rows, rows)));
  t.store(norms, context.view(op.getNorms()), {of[0], head, token}, t.less(token, length));
}

} // namespace lighthouse::cuda
