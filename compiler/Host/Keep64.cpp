// SPDX-License-Identifier: Apache-2.0
//
// An exact radix select: four rounds count the digits of 8 bits of the scores' bit patterns, from the highest down, to
// find the 64th largest; one sweep in window order keeps what is above it and the first of what equals it.
#include "compiler/Host/Keep64.h"

#include "mlir/IR/BuiltinOps.h"

#include <limits>

using namespace mlir;

namespace lighthouse::host {
namespace {

constexpr llvm::StringLiteral kName = "lighthouse_keep_64", kSignedName = "lighthouse_keep_64_signed";
constexpr int64_t kKept64 = kKeptPerTile / 2;
constexpr int64_t kDigits = 256;

class Keep64Function {
public:
  Keep64Function(Emitter &e, Block &body, bool isSigned)
      : e(e), scores{body.getArgument(0), body.getArgument(1), body.getArgument(2), body.getArgument(3), isSigned},
        candidates{body.getArgument(4), body.getArgument(5), body.getArgument(6), body.getArgument(7),
                   body.getArgument(8)} {}

  void emit() {
    Value histogram = e.scratch({kDigits}, e.b.getI32Type());
    // Carried: the bits of the 64th largest found so far, which bits these are, how many to keep of the keys that have
    // them.
    Values found = e.loop(0, 4, 1, {e.i32(0), e.i32(0), e.i32(kKept64)}, [&](Value round, ValueRange carried) {
      Value shift = e.toI32(e.mul(e.sub(3, round), 8));
      count(histogram, shift, carried[0], carried[1]);
      Values digit = findDigit(histogram, carried[2]);
      Value bits = shiftLeft(digit[0], shift), mask = shiftLeft(e.i32(kDigits - 1), shift);
      return Values{orI(carried[0], bits), orI(carried[1], mask), digit[1]};
    });
    mark(found[0], found[2]);
    func::ReturnOp::create(e.b, e.loc);
  }

private:
  /// Histogram of the digit at `shift` of the keys that agree with `prefix` in the bits of `mask`.
  void count(Value histogram, Value shift, Value prefix, Value mask) {
    Value zeros = e.splat(e.i32(0), e.machine.lanes);
    e.loop(0, kDigits, e.machine.lanes, [&](Value i) { e.storeRaw(zeros, histogram, {i}); });
    forEach({}, [&](Value, Value key, ValueRange) -> Values {
      Value differs = arith::AndIOp::create(e.b, e.loc, arith::XOrIOp::create(e.b, e.loc, key, prefix), mask);
      e.ifThen(compare(arith::CmpIPredicate::eq, differs, e.i32(0)), [&] {
        Value shifted = arith::ShRUIOp::create(e.b, e.loc, key, shift);
        Value digit = e.toIndex(arith::AndIOp::create(e.b, e.loc, shifted, e.i32(kDigits - 1)));
        e.store(arith::AddIOp::create(e.b, e.loc, e.load(histogram, {digit}), e.i32(1)), histogram, {digit});
      });
      return {};
    });
  }

  /// The digit of the key that is `needed`-th from the top, and how many are needed of the keys with that digit.
  Values findDigit(Value histogram, Value needed) {
    Value open = arith::ConstantOp::create(e.b, e.loc, e.b.getBoolAttr(true));
    Values found = e.loop(0, kDigits, 1, {e.i32(0), needed, open}, [&](Value i, ValueRange carried) {
      Value bin = e.sub(kDigits - 1, i), held = e.load(histogram, {bin});
      Value beyond = compare(arith::CmpIPredicate::ugt, carried[1], held);
      Value skip = arith::AndIOp::create(e.b, e.loc, carried[2], beyond);
      Value less = arith::SubIOp::create(e.b, e.loc, carried[1], held);
      return Values{select(carried[2], e.toI32(bin), carried[0]), select(skip, less, carried[1]), skip};
    });
    return {found[0], found[1]};
  }

  /// Keeps the keys above `threshold`, and the first `needed` of those equal to it.
  void mark(Value threshold, Value needed) {
    forEach(needed, [&](Value place, Value key, ValueRange left) -> Values {
      Value equal = compare(arith::CmpIPredicate::eq, key, threshold);
      Value wanted = compare(arith::CmpIPredicate::ugt, left[0], e.i32(0));
      Value taken = arith::AndIOp::create(e.b, e.loc, equal, wanted);
      Value above = compare(arith::CmpIPredicate::ugt, key, threshold);
      e.ifThen(arith::OrIOp::create(e.b, e.loc, above, taken),
               [&] { e.store(flag(kKept), candidates.flags, {place}); });
      return {select(taken, arith::SubIOp::create(e.b, e.loc, left[0], e.i32(1)), left[0])};
    });
  }

  /// Calls body(place of the flag, key, carried) for each candidate not yet kept, in window order.
  void forEach(ValueRange initial, function_ref<Values(Value, Value, ValueRange)> body) {
    e.loop(0, candidates.num_runs, 1, initial, [&](Value run, ValueRange outer) {
      Value start = e.toIndex(e.load(candidates.starts, {run}));
      return e.loop(0, candidates.run_length, 1, outer, [&](Value i, ValueRange carried) {
        Value window = e.add(start, i), place = e.add(window, candidates.flag_begin);
        Value open = compare(arith::CmpIPredicate::eq, e.load(candidates.flags, {place}), flag(kCandidate));
        auto visit = [&] { return body(place, key(window), carried); };
        if (!carried.empty())
          return e.ifElse(open, visit, [&] { return Values(carried); });
        e.ifThen(open, [&] { visit(); });
        return Values();
      });
    });
  }

  /// Bit patterns of floats that are not negative order as the floats do. All NaNs become one key, above infinity.
  Value key(Value window) {
    Value score = e.load(scores.memref, {scores.batch, scores.head, e.add(scores.begin, window)});
    Value bits = arith::BitcastOp::create(e.b, e.loc, e.b.getI32Type(), score);
    return scores.is_signed ? signedKey(score, bits) : arith::MinUIOp::create(e.b, e.loc, bits, e.i32(0x7f800001));
  }

  /// The bits of a float are its sign and its size: 2^31 plus the size, or minus. 0 and -0 are one key.
  Value signedKey(Value score, Value bits) {
    Value negative = arith::SubIOp::create(e.b, e.loc, e.i32(0), bits);
    Value positive = arith::AddIOp::create(e.b, e.loc, bits, e.i32(std::numeric_limits<int32_t>::min()));
    Value number = select(compare(arith::CmpIPredicate::slt, bits, e.i32(0)), negative, positive);
    Value isNaN = arith::CmpFOp::create(e.b, e.loc, arith::CmpFPredicate::UNO, score, score);
    return select(isNaN, e.i32(-1), number);
  }

  Value flag(Flag value) { return arith::ConstantOp::create(e.b, e.loc, e.b.getI8IntegerAttr(value)); }
  Value compare(arith::CmpIPredicate predicate, Value x, Value y) {
    return arith::CmpIOp::create(e.b, e.loc, predicate, x, y);
  }
  Value select(Value condition, Value x, Value y) { return arith::SelectOp::create(e.b, e.loc, condition, x, y); }
  Value shiftLeft(Value x, Value by) { return arith::ShLIOp::create(e.b, e.loc, x, by); }
  Value orI(Value x, Value y) { return arith::OrIOp::create(e.b, e.loc, x, y); }

  Emitter &e;
  Scores scores;
  Candidates candidates;
};

func::FuncOp keep64(KernelContext &context, bool isSigned) {
  auto module = context.function->getParentOfType<ModuleOp>();
  StringRef name = isSigned ? kSignedName : kName;
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;
  OpBuilder builder(module.getBodyRegion());
  Type i32 = builder.getI32Type(), index = builder.getIndexType();
  constexpr int64_t any = ShapedType::kDynamic;
  auto rows = StridedLayoutAttr::get(builder.getContext(), /*offset=*/0, {any, any, 1});
  Type types[] = {MemRefType::get({any, any, any}, builder.getF32Type(), rows),
                  index,
                  index,
                  index,
                  MemRefType::get({any}, builder.getI8Type()),
                  index,
                  MemRefType::get({kKeptPerTile}, i32),
                  index,
                  index};
  auto function = func::FuncOp::create(builder, context.e.loc, name, builder.getFunctionType(types, {}));
  function.setPrivate();
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToStart(body);
  Emitter emitter(builder, context.e.loc, context.e.machine);
  Keep64Function(emitter, *body, isSigned).emit();
  return function;
}

} // namespace

void emitKeep64(KernelContext &context, const Scores &scores, const Candidates &candidates) {
  Emitter &e = context.e;
  func::FuncOp function = keep64(context, scores.is_signed);
  ArrayRef<Type> types = function.getFunctionType().getInputs();
  Value anyScores = memref::CastOp::create(e.b, e.loc, types[0], scores.memref);
  Value anyFlags = memref::CastOp::create(e.b, e.loc, types[4], candidates.flags);
  func::CallOp::create(e.b, e.loc, function,
                       ValueRange{anyScores, scores.batch, scores.head, scores.begin, anyFlags, candidates.flag_begin,
                                  candidates.starts, candidates.num_runs, candidates.run_length});
}

} // namespace lighthouse::host
