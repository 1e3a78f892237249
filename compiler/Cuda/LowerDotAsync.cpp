// SPDX-License-Identifier: Apache-2.0
//
// Products of a warpgroup by wgmma (PTX ISA, "Asynchronous Warpgroup Level Matrix Instructions").
#include "compiler/Cuda/Lowering.h"

using namespace mlir;

namespace lighthouse::cuda {
namespace {

/// Columns or rows that one instruction multiplies.
constexpr int64_t kStep = 16;

/// A shared tile as a factor: the matrix descriptor of its first step, and how far on each step lies. With `along` the
/// inner dimension lies along the rows in memory ("K-major"), else across them ("MN-major").
struct Factor {
  tile::SharedType type;
  bool along;

  /// In units of 16 bytes.
  int64_t stepAt(int64_t k) const {
    int64_t bytes = along ? k / type.panelColumns() * type.panelBytes() + k % type.panelColumns() * 2 : k * 128;
    return bytes / 16;
  }
  /// Swizzling by 128 bytes; groups of 8 rows lie 1024 bytes apart, and panels as far as they are large.
  int64_t shape() const {
    int64_t panels = along ? 1 : type.panelBytes() / 16;
    return panels << 16 | int64_t(1024 / 16) << 32 | int64_t(1) << 62;
  }
};

class DotAsyncLowering {
public:
  DotAsyncLowering(Lowering &l, tile::DotAsyncOp op)
      : l(l), s(l.s), op(op), type(op.getType().getTile()), columns(type.getDimSize(1)), bType(op.getB().getType()),
        b{bType, op.getBTransposed()} {}

  void emit() {
    inner = bType.getShape()[op.getBTransposed() ? 1 : 0];
    count = numRegisters(type);
    addAccumulators();
    if (isa<RankedTensorType>(op.getA().getType()))
      addRegisters();
    else
      aOperand = add(descriptor(l.shared[op.getA()], a()), "l");
    bOperand = add(descriptor(l.shared[op.getB()], b), "l");
    std::string text = "{ .reg .b64 a, b; wgmma.fence.sync.aligned; ";
    for (int64_t k = 0; k < inner; k += kStep)
      text += step(k);
    text += "wgmma.commit_group.sync.aligned; }";
    l.set(op.getResult(),
          s.inlineAsm(SmallVector<Type>(count, s.f32), operands, text, constraints + ",~{memory}", true));
  }

private:
  Factor a() { return {cast<tile::SharedType>(op.getA().getType()), !op.getATransposed()}; }

  /// Results first; the accumulators' operands have their registers.
  void addAccumulators() {
    for (int64_t i = 0; i < count; ++i)
      constraints += (i ? "," : "") + std::string(op.getAcc() ? "=f" : "=&f");
    next = count;
    if (op.getAcc())
      for (auto [i, value] : llvm::enumerate(l.of(op.getAcc())))
        add(value, std::to_string(i));
  }

  /// Words of the left side. They are made before the product begins, not between its instructions: a statement that
  /// has effects stands behind them.
  void addRegisters() {
    const Values &words = l.of(op.getA());
    std::string ties;
    for (size_t i = 0; i < words.size(); ++i)
      ties += (i ? ",=r" : "=r");
    for (size_t i = 0; i < words.size(); ++i)
      ties += "," + std::to_string(i);
    Values kept = s.inlineAsm(SmallVector<Type>(words.size(), s.i32), words, "", ties, true);
    aOperand = next;
    for (Value word : kept)
      add(word, "r");
  }

  int64_t add(Value value, StringRef constraint) {
    operands.push_back(value);
    constraints += "," + constraint.str();
    return next++;
  }

  Value descriptor(Value pointer, const Factor &factor) {
    Value address = s.shiftRight(s.bitAnd(s.sharedAddress(pointer), 0x3ffff), 4);
    return s.bitOr(s.b.createOrFold<arith::ExtUIOp>(s.loc, s.i64, address), s.constant64(factor.shape()));
  }

  std::string step(int64_t k) {
    std::string text, left;
    auto advance = [&](StringRef name, int64_t operand, const Factor &factor) {
      text += ("add.s64 " + name + ", $" + Twine(operand) + ", " + Twine(factor.stepAt(k)) + "; ").str();
    };
    bool fromRegisters = isa<RankedTensorType>(op.getA().getType());
    if (fromRegisters) {
      int64_t first = aOperand + k / 8 * 2;
      left =
          ("{$" + Twine(first) + ", $" + Twine(first + 1) + ", $" + Twine(first + 2) + ", $" + Twine(first + 3) + "}")
              .str();
    } else {
      advance("a", aOperand, a());
      left = "a";
    }
    advance("b", bOperand, b);
    std::string sums;
    for (int64_t i = 0; i < count; ++i)
      sums += (i ? ", $" : "$") + std::to_string(i);
    StringRef element = bType.getElementType().isBF16() ? "bf16" : "f16";
    text += ("wgmma.mma_async.sync.aligned.m64n" + Twine(columns) + "k16.f32." + element + "." + element + " {" + sums +
             "}, " + left + ", b, " + (op.getAcc() || k > 0 ? "1" : "0") + ", 1, 1, ")
                .str();
    if (!fromRegisters)
      text += op.getATransposed() ? "1, " : "0, ";
    return text + (op.getBTransposed() ? "0; " : "1; ");
  }

  Lowering &l;
  Simt &s;
  tile::DotAsyncOp op;
  RankedTensorType type;
  int64_t columns;
  tile::SharedType bType;
  Factor b;
  int64_t inner = 0, count = 0, next = 0, aOperand = 0, bOperand = 0;
  std::string constraints;
  Values operands;
};

} // namespace

void Lowering::lowerDotAsync(tile::DotAsyncOp op) { DotAsyncLowering(*this, op).emit(); }

/// Products that began between this one and here may go on. The sums pass through the statement, so that none is read
/// before it.
void Lowering::lowerAwait(tile::AwaitOp op) {
  int64_t younger = 0;
  for (Operation *each = op.getPending().getDefiningOp()->getNextNode(); each != op; each = each->getNextNode())
    younger += isa<tile::DotAsyncOp>(each);
  const Values &sums = of(op.getPending());
  std::string constraints;
  for (size_t i = 0; i < sums.size(); ++i)
    constraints += (i ? ",=f" : "=f");
  for (size_t i = 0; i < sums.size(); ++i)
    constraints += "," + std::to_string(i);
  set(op.getResult(),
      s.inlineAsm(SmallVector<Type>(sums.size(), s.f32), sums,
                  "wgmma.wait_group.sync.aligned " + std::to_string(younger) + ";", constraints + ",~{memory}", true));
}

} // namespace lighthouse::cuda
