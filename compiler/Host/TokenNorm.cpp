// SPDX-License-Identifier: Apache-2.0
//
// The norm of a row that a kernel has in registers, to the place of the row's token.
#include "compiler/Host/Emitter.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace lighthouse::host {

void storeTokenNorm(KernelContext &context, TokenNormOp op, ValueRange row, ArrayRef<Value> at) {
  Emitter &e = context.e;
  int64_t dilation = op.getDilation();
  Values of = e.delinearize(at[0], {shapeOf(op.getNorms())[0], dilation}); // batch entry, residue class
  Value token = e.add(e.mul(at[2], dilation), of[1]);
  e.ifThen(e.less(token, op.getSeqLen()), [&] {
    Value square = e.f32(0);
    for (Value part : row)
      square = vector::ReductionOp::create(e.b, e.loc, vector::CombiningKind::ADD,
                                           arith::MulFOp::create(e.b, e.loc, part, part), square,
                                           arith::FastMathFlags::reassoc);
    e.store(math::SqrtOp::create(e.b, e.loc, square), context.buffer(op.getNorms()), {of[0], at[1], token});
  });
}

} // namespace lighthouse::host
