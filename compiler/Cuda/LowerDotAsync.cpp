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
  /// What the descriptor's low word has beside the address: how far panels lie apart.
  int64_t low() const { return (along ? 1 : type.panelBytes() / 16) << 16; }
  /// Its high word: groups of 8 rows lie 1024 bytes apart; swizzling by 128 bytes.
  static constexpr int64_t kHigh = 1024 / 16 | int64_t(1) << 30;
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
      aOperand = add(descriptor(l.shared[op.getA()], a()), "r");
    bOperand = add(descriptor(l.shared[op.getB()], b), "r");
    std::string text = "{ .reg .b64 a, b; .reg .b32 low, high; mov.b32 high, " + std::to_string(Factor::kHigh) +
                       "; wgmma.fence.sync.aligned; ";
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

  /// The low word of the first step's; the high one is a constant, for which no register is kept.
  Value descriptor(Value pointer, const Factor &factor) {
    Value address = s.shiftRight(s.bitAnd(s.sharedAddress(pointer), 0x3ffff), 4);
    return s.bitOr(address, s.constant(factor.low()));
  }

  std::string step(int64_t k) {
    std::string text, left;
    auto advance = [&](StringRef name, int64_t operand, const Factor &factor) {
      text +=
          ("add.u32 low, $" + Twine(operand) + ", " + Twine(factor.stepAt(k)) + "; mov.b64 " + name + ", {low, high}; ")
              .str();
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
