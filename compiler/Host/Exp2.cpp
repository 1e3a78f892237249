// SPDX-License-Identifier: Apache-2.0
//
// 2^x on vectors, without a call.
#include "compiler/Host/Matmul.h"

using namespace mlir;

namespace lighthouse::host {

Value emitExp2(Emitter &e, Value x) {
  OpBuilder &b = e.b;
  Location loc = e.loc;
  int64_t width = cast<VectorType>(x.getType()).getDimSize(0);
  auto constant = [&](double value) { return e.splat(e.f32(value), width); };
  auto fma = [&](Value p, Value q, double r) { return vector::FMAOp::create(b, loc, p, q, constant(r)).getResult(); };
  VectorType integers = e.vectorType(width, b.getI32Type());

  auto below = [&](double bound) {
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, constant(bound)).getResult();
  };
  // A select, not a maximum: it keeps NaN, which must come out again.
  Value clamped = arith::SelectOp::create(b, loc, below(-127.0), constant(-127.0), x);
  // Adding 1.5 * 2^23 rounds to the nearest integer, which then stands in the low bits.
  Value shifted = arith::AddFOp::create(b, loc, clamped, constant(12582912.0));
  Value whole = arith::SubFOp::create(b, loc, shifted, constant(12582912.0));
  Value part = arith::SubFOp::create(b, loc, clamped, whole);

  Value power = constant(1.535336188319500e-4);
  for (double coefficient : {1.339887440266574e-3, 9.618437357674640e-3, 5.550332471162809e-2, 2.402264791363012e-1,
                             6.931472028550421e-1, 1.0})
    power = fma(power, part, coefficient);

  Value exponent =
      arith::ShLIOp::create(b, loc, arith::BitcastOp::create(b, loc, integers, shifted), e.splat(e.i32(23), width));
  Value bits = arith::AddIOp::create(b, loc, arith::BitcastOp::create(b, loc, integers, power), exponent);
  Value result = arith::BitcastOp::create(b, loc, e.vectorType(width), bits);
  return arith::SelectOp::create(b, loc, below(-126.0), constant(0.0), result);
}

} // namespace lighthouse::host
