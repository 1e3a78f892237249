// SPDX-License-Identifier: Apache-2.0
#include "compiler/Cuda/Simt.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace lighthouse::cuda {

Simt::Simt(OpBuilder &builder, Location loc)
    : b(builder), loc(loc), i1(builder.getI1Type()), i32(builder.getI32Type()), i64(builder.getI64Type()),
      f32(builder.getF32Type()) {}

//===-- Arithmetic -------------------------------------------------------===//

template <typename Op> Value Simt::fold(Value x, Value y) { return b.createOrFold<Op>(loc, x, y); }

Value Simt::constant(int64_t value) { return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(value)); }
Value Simt::constant64(int64_t value) { return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(value)); }
Value Simt::zero(Type type) { return arith::ConstantOp::create(b, loc, b.getZeroAttr(type)); }

static Value constantLike(Simt &s, Value x, int64_t y) {
  return x.getType() == s.i64 ? s.constant64(y) : s.constant(y);
}

Value Simt::add(Value x, Value y) { return fold<arith::AddIOp>(x, y); }
Value Simt::add(Value x, int64_t y) { return y == 0 ? x : add(x, constantLike(*this, x, y)); }
Value Simt::sub(Value x, Value y) { return fold<arith::SubIOp>(x, y); }
Value Simt::mul(Value x, Value y) { return fold<arith::MulIOp>(x, y); }
Value Simt::mul(Value x, int64_t y) { return y == 1 ? x : mul(x, constantLike(*this, x, y)); }
Value Simt::div(Value x, int64_t y) { return y == 1 ? x : fold<arith::DivUIOp>(x, constantLike(*this, x, y)); }
Value Simt::rem(Value x, int64_t y) { return fold<arith::RemUIOp>(x, constantLike(*this, x, y)); }
Value Simt::bitAnd(Value x, int64_t y) { return fold<arith::AndIOp>(x, constantLike(*this, x, y)); }
Value Simt::bitOr(Value x, Value y) { return fold<arith::OrIOp>(x, y); }
Value Simt::bitXor(Value x, Value y) { return fold<arith::XOrIOp>(x, y); }
Value Simt::shiftLeft(Value x, int64_t by) { return by == 0 ? x : fold<arith::ShLIOp>(x, constantLike(*this, x, by)); }
Value Simt::shiftRight(Value x, int64_t by) {
  return by == 0 ? x : fold<arith::ShRUIOp>(x, constantLike(*this, x, by));
}
Value Simt::less(Value x, Value y) { return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, x, y); }
Value Simt::both(Value x, Value y) {
  if (!x || !y)
    return x ? x : y;
  return fold<arith::AndIOp>(x, y);
}
Value Simt::select(Value condition, Value x, Value y) { return b.createOrFold<arith::SelectOp>(loc, condition, x, y); }
Value Simt::wide(Value x) { return b.createOrFold<arith::ExtSIOp>(loc, i64, x); }
Value Simt::bitcast(Value x, Type type) {
  return x.getType() == type ? x : LLVM::BitcastOp::create(b, loc, type, x).getResult();
}

void Simt::ifThen(Value condition, function_ref<void()> body) {
  auto branch = scf::IfOp::create(b, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(branch.thenBlock()->getTerminator());
  body();
}

//===-- Threads ----------------------------------------------------------===//

Value Simt::threadId() {
  Value id = intrinsic("llvm.nvvm.read.ptx.sreg.tid.x", i32, {});
  return inRole ? bitAnd(id, 127) : id;
}
Value Simt::blockId() { return intrinsic("llvm.nvvm.read.ptx.sreg.ctaid.x", i32, {}); }
Value Simt::lane() { return bitAnd(threadId(), 31); }
Value Simt::warp() { return shiftRight(threadId(), 5); }
void Simt::barrier() { intrinsic("llvm.nvvm.barrier.cta.sync.aligned.all", {constant(0)}); }

Value Simt::shuffleXor(Value x, int64_t mask) {
  Type type = x.getType();
  if (type.isF64() || type == i64) {
    Type pair = VectorType::get({2}, i32);
    Value words = bitcast(x, pair);
    Value result = LLVM::UndefOp::create(b, loc, pair);
    for (int64_t i : {0, 1}) {
      Value word = LLVM::ExtractElementOp::create(b, loc, words, constant(i));
      result = LLVM::InsertElementOp::create(b, loc, result, shuffleXor(word, mask), constant(i));
    }
    return bitcast(result, type);
  }
  StringRef name = type == f32 ? "llvm.nvvm.shfl.sync.bfly.f32" : "llvm.nvvm.shfl.sync.bfly.i32";
  return intrinsic(name, type, {constant(-1), x, constant(mask), constant(31)});
}

Value Simt::shuffle(Value x, Value from) {
  return intrinsic("llvm.nvvm.shfl.sync.idx.i32", i32, {constant(-1), x, from, constant(31)});
}

Value Simt::sumUpToLane(Value x) {
  for (int64_t step = 1; step < 32; step *= 2) {
    Value below = intrinsic("llvm.nvvm.shfl.sync.up.i32", i32, {constant(-1), x, constant(step), constant(0)});
    x = add(x, select(less(lane(), constant(step)), constant(0), below));
  }
  return x;
}

//===-- Memory -----------------------------------------------------------===//

Value Simt::offset(Value pointer, Value bytes) {
  return LLVM::GEPOp::create(b, loc, pointer.getType(), b.getI8Type(), pointer, ArrayRef<LLVM::GEPArg>{bytes});
}

Value Simt::offset(Value pointer, int64_t bytes) {
  if (bytes == 0)
    return pointer;
  return LLVM::GEPOp::create(b, loc, pointer.getType(), b.getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(bytes)});
}

static Type wordsType(Simt &s, int64_t words) {
  return words == 1 ? s.i32 : static_cast<Type>(VectorType::get({words}, s.i32));
}

/// The elements of a vector; the value itself when it is none.
static Values elementsOf(Simt &s, Value vector, int64_t count) {
  if (count == 1)
    return {vector};
  Values result;
  for (int64_t i = 0; i < count; ++i)
    result.push_back(LLVM::ExtractElementOp::create(s.b, s.loc, vector, s.constant(i)));
  return result;
}

static Value vectorOf(Simt &s, ValueRange words) {
  if (words.size() == 1)
    return words.front();
  Value vector = LLVM::UndefOp::create(s.b, s.loc, wordsType(s, words.size()));
  for (auto [i, word] : llvm::enumerate(words))
    vector = LLVM::InsertElementOp::create(s.b, s.loc, vector, word, s.constant(i));
  return vector;
}

/// "{$0, $1}" or "$0": operands first .. first + count - 1.
static std::string operandList(int64_t first, int64_t count) {
  std::string list;
  for (int64_t i = 0; i < count; ++i)
    list += (i ? ", $" : "$") + std::to_string(first + i);
  return count == 1 ? list : "{" + list + "}";
}

static std::string repeated(StringRef constraint, int64_t count) {
  std::string list;
  for (int64_t i = 0; i < count; ++i)
    list += constraint.str() + ",";
  return list;
}

static StringRef vectorSuffix(int64_t words) { return words == 4 ? ".v4" : words == 2 ? ".v2" : ""; }

Values Simt::loadGlobal(Value pointer, int64_t words, Value predicate) {
  if (!predicate) {
    auto load = LLVM::LoadOp::create(b, loc, wordsType(*this, words), pointer, /*alignment=*/words * 4,
                                     /*isVolatile=*/false, /*isNonTemporal=*/false, /*isInvariant=*/true);
    return elementsOf(*this, load, words);
  }
  std::string text;
  for (int64_t i = 0; i < words; ++i)
    text += "mov.b32 $" + std::to_string(i) + ", 0; ";
  text += ("@$" + Twine(words + 1) + " ld.global.nc" + vectorSuffix(words) + ".b32 " + operandList(0, words) + ", [$" +
           Twine(words) + "];")
              .str();
  return inlineAsm(SmallVector<Type>(words, i32), {pointer, predicate}, text, repeated("=&r", words) + "l,b", false);
}

void Simt::storeGlobal(ValueRange words, Value pointer, Value predicate) {
  int64_t count = words.size();
  if (!predicate) {
    LLVM::StoreOp::create(b, loc, vectorOf(*this, words), pointer, /*alignment=*/count * 4);
    return;
  }
  Values operands(words);
  operands.append({pointer, predicate});
  std::string text = ("@$" + Twine(count + 1) + " st.global" + vectorSuffix(count) + ".b32 [$" + Twine(count) + "], " +
                      operandList(0, count) + ";")
                         .str();
  inlineAsm({}, operands, text, repeated("r", count) + "l,b,~{memory}", true);
}

Values Simt::loadShared(Value pointer, int64_t words) {
  return elementsOf(*this, LLVM::LoadOp::create(b, loc, wordsType(*this, words), pointer, words * 4), words);
}

void Simt::storeShared(ValueRange words, Value pointer) {
  LLVM::StoreOp::create(b, loc, vectorOf(*this, words), pointer, words.size() * 4);
}

Value Simt::loadScalar(Value pointer, Type type) { return LLVM::LoadOp::create(b, loc, type, pointer); }
void Simt::storeScalar(Value value, Value pointer) { LLVM::StoreOp::create(b, loc, value, pointer); }

void Simt::countShared(Value pointer, Value predicate) {
  if (predicate)
    inlineAsm({}, {sharedAddress(pointer), predicate}, "@$1 red.shared.add.u32 [$0], 1;", "r,b,~{memory}", true);
  else
    inlineAsm({}, {sharedAddress(pointer)}, "red.shared.add.u32 [$0], 1;", "r,~{memory}", true);
}

Value Simt::sharedAddress(Value pointer) { return LLVM::PtrToIntOp::create(b, loc, i32, pointer); }

void Simt::copyAsync(Value shared, Value global, Value predicate, int64_t bytes) {
  Value count = select(predicate, constant(bytes), constant(0));
  StringRef text =
      bytes == 16 ? "cp.async.cg.shared.global [$0], [$1], 16, $2;" : "cp.async.ca.shared.global [$0], [$1], 4, $2;";
  inlineAsm({}, {sharedAddress(shared), global, count}, text, "r,l,r,~{memory}", true);
}

//===-- Instructions -----------------------------------------------------===//

Values Simt::inlineAsm(TypeRange results, ValueRange operands, StringRef text, StringRef constraints, bool effects) {
  Type type;
  if (results.size() == 1)
    type = results.front();
  else if (results.size() > 1)
    type = LLVM::LLVMStructType::getLiteral(b.getContext(), llvm::to_vector(results));
  // A `$` of the text is an operand's; PTX has none of its own.
  auto op = LLVM::InlineAsmOp::create(b, loc, type, operands, text, constraints, effects, /*is_align_stack=*/false,
                                      LLVM::tailcallkind::TailCallKind::None, /*asm_dialect=*/{},
                                      /*operand_attrs=*/{});
  if (results.empty())
    return {};
  return results.size() == 1 ? Values{op.getRes()} : structFields(op.getRes());
}

Value Simt::intrinsic(StringRef name, Type result, ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(b, loc, result, b.getStringAttr(name), operands).getResult(0);
}

void Simt::intrinsic(StringRef name, ValueRange operands) {
  LLVM::CallIntrinsicOp::create(b, loc, b.getStringAttr(name), operands);
}

Values Simt::structFields(Value value) {
  Values fields;
  size_t count = cast<LLVM::LLVMStructType>(value.getType()).getBody().size();
  for (size_t i = 0; i < count; ++i)
    fields.push_back(LLVM::ExtractValueOp::create(b, loc, value, static_cast<int64_t>(i)));
  return fields;
}

Values Simt::loadMatrices(Value pointer, bool transposed) {
  SmallVector<Type> types(4, i32);
  Type result = LLVM::LLVMStructType::getLiteral(b.getContext(), types);
  StringRef name =
      transposed ? "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.trans.b16" : "llvm.nvvm.ldmatrix.sync.aligned.m8n8.x4.b16";
  return structFields(intrinsic(name, result, {pointer}));
}

Value Simt::pack(Value low, Value high, Type element) {
  StringRef text = element.isBF16() ? "cvt.rn.bf16x2.f32 $0, $1, $2;" : "cvt.rn.f16x2.f32 $0, $1, $2;";
  return inlineAsm({i32}, {high, low}, text, "=r,f,f", false).front();
}

std::pair<Value, Value> Simt::unpack(Value word, Type element) {
  if (element.isBF16()) // the upper half of a float32
    return {bitcast(shiftLeft(word, 16), f32), bitcast(bitAnd(word, 0xffff0000), f32)};
  Value pair = bitcast(word, VectorType::get({2}, element));
  auto half = [&](int64_t i) {
    Value single = LLVM::ExtractElementOp::create(b, loc, pair, constant(i));
    return arith::ExtFOp::create(b, loc, f32, single).getResult();
  };
  return {half(0), half(1)};
}

} // namespace lighthouse::cuda
