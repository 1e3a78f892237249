// SPDX-License-Identifier: Apache-2.0
//
// Products by mma.sync: m16n8k16 of 16-bit elements, and three m16n8k8 of tf32 for a product of float32.
#include "compiler/Cuda/Lowering.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace lighthouse::cuda {
namespace {

class DotLowering {
public:
  DotLowering(Lowering &l, tile::DotOp op)
      : l(l), s(l.s), op(op), type(cast<RankedTensorType>(op.getAcc().getType())),
        bType(cast<tile::SharedType>(op.getB().getType())), aType(dyn_cast<tile::SharedType>(op.getA().getType())),
        rows(type.getDimSize(0)), columns(type.getDimSize(1)), inner(bType.getShape()[op.getTransposed() ? 1 : 0]),
        rowStep(16 * cast<tile::MmaAttr>(type.getEncoding()).getWarps()), acc(l.of(op.getAcc())) {}

  void emit() {
    if (bType.getElementType().isF32())
      emitFloat32();
    else
      emit16Bits();
    l.set(op.getResult(), std::move(acc));
  }

private:
  /// The four accumulators of a block of 16 rows and 8 columns.
  MutableArrayRef<Value> accOf(int64_t row, int64_t column) {
    return MutableArrayRef<Value>(acc).slice((row / rowStep * (columns / 8) + column / 8) * 4, 4);
  }

  void multiply(StringRef text, ArrayRef<Value> a, ArrayRef<Value> b, MutableArrayRef<Value> c) {
    Values operands(a);
    operands.append(b.begin(), b.end());
    operands.append(c.begin(), c.end());
    Values result =
        s.inlineAsm(SmallVector<Type>(4, s.f32), operands, text, "=f,=f,=f,=f,r,r,r,r,r,r,0,1,2,3", /*effects=*/false);
    llvm::copy(result, c.begin());
  }

  void emit16Bits() {
    StringRef text =
        bType.getElementType().isBF16()
            ? "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {$0,$1,$2,$3}, {$4,$5,$6,$7}, {$8,$9}, "
              "{$0,$1,$2,$3};"
            : "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {$0,$1,$2,$3}, {$4,$5,$6,$7}, {$8,$9}, {$0,$1,$2,$3};";
    bool transposed = op.getTransposed();
    MatrixAddresses b(l, bType, l.shared[op.getB()], s.constant(0), transposed);
    std::optional<MatrixAddresses> a;
    Value warpRow = s.mul(s.warp(), 16), zero = s.constant(0);
    bool across = op.getATransposed();
    if (aType)
      a.emplace(l, aType, l.shared[op.getA()], across ? zero : warpRow, across);
    // Transposed, the warp's rows are columns in memory.
    auto addressOf = [&](int64_t row, int64_t k) { return across ? a->at(k, row, warpRow) : a->at(row, k); };
    for (int64_t k = 0; k < inner; k += 16) {
      SmallVector<Values> left;
      for (int64_t row = 0; row < rows; row += rowStep)
        left.push_back(aType ? s.loadMatrices(addressOf(row, k), across) : fragment(row, k));
      for (int64_t n = 0; n < columns; n += 16) {
        Values right = s.loadMatrices(transposed ? b.at(n, k) : b.at(k, n), !transposed);
        for (int64_t row = 0; row < rows; row += rowStep)
          for (int64_t half : {0, 1})
            multiply(text, left[row / rowStep], ArrayRef(right).slice(2 * half, 2), accOf(row, n + 8 * half));
      }
    }
  }

  /// Fragment of a register tile: the words of two blocks of 8 columns, of which each has one a row half.
  Values fragment(int64_t row, int64_t k) {
    const Values &regs = l.of(op.getA());
    int64_t first = (row / rowStep * (inner / 8) + k / 8) * 2;
    return Values(ArrayRef<Value>(regs).slice(first, 4));
  }

  //===-- float32 --------------------------------------------------------===//

  /// x as two tf32 numbers, as words.
  struct Split {
    Value high, low;
  };

  Split split(Value x) {
    auto round = [&](Value y) { return s.inlineAsm({s.i32}, {y}, "cvt.rna.tf32.f32 $0, $1;", "=r,f", false).front(); };
    Value high = round(x);
    Value rest = arith::SubFOp::create(s.b, s.loc, x, s.bitcast(high, s.f32));
    return {high, round(rest)};
  }

  static SmallVector<Value> parts(ArrayRef<Split> splits, Value Split::*part) {
    return llvm::map_to_vector(splits, [&](const Split &each) { return each.*part; });
  }

  /// The instruction's columns c and c + 4 of A, and rows of B, are columns 2 c and 2 c + 1 of ours: the order of the
  /// sum is free, and so a thread's neighbouring elements serve. With A in shared memory it is a loop, for float32
  /// takes three times the instructions.
  void emitFloat32() {
    if (!aType) {
      for (int64_t k = 0; k < inner; k += 8)
        addProducts(s.constant(k), k);
      return;
    }
    auto loop = scf::ForOp::create(s.b, s.loc, s.constant(0), s.constant(inner), s.constant(8), acc);
    OpBuilder::InsertionGuard guard(s.b);
    s.b.setInsertionPointToStart(loop.getBody());
    acc = Values(loop.getRegionIterArgs());
    addProducts(loop.getInductionVar(), 0);
    scf::YieldOp::create(s.b, s.loc, acc);
    acc = Values(loop.getResults());
  }

  /// Columns k .. k + 7 of A; `number` is k where it is a constant.
  void addProducts(Value k, int64_t number) {
    StringRef text = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {$0,$1,$2,$3}, {$4,$5,$6,$7}, {$8,$9}, "
                     "{$0,$1,$2,$3};";
    SmallVector<SmallVector<Split>> left;
    for (int64_t row = 0; row < rows; row += rowStep)
      left.push_back(aType ? leftShared(row, k) : leftRegisters(row, number));
    for (int64_t n = 0; n < columns; n += 8) {
      SmallVector<Split> right = rightOf(k, n);
      for (int64_t row = 0; row < rows; row += rowStep) {
        ArrayRef<Split> a = left[row / rowStep];
        // The instruction cuts its sums off. Only these three begin from zero; they are added with rounding.
        Values sum(4, s.zero(s.f32));
        multiply(text, parts(a, &Split::low), parts(right, &Split::high), sum);
        multiply(text, parts(a, &Split::high), parts(right, &Split::low), sum);
        multiply(text, parts(a, &Split::high), parts(right, &Split::high), sum);
        for (auto [total, term] : llvm::zip_equal(accOf(row, n), sum))
          total = arith::AddFOp::create(s.b, s.loc, total, term);
      }
    }
  }

  /// In the instruction's order, from elements of row half 0, then 1.
  SmallVector<Split> inOrder(ArrayRef<Value> elements) {
    return {split(elements[0]), split(elements[2]), split(elements[1]), split(elements[3])};
  }

  SmallVector<Split> leftShared(int64_t row, Value k) {
    Value thread = s.add(s.mul(s.warp(), 16), s.shiftRight(s.lane(), 2)), pair = s.mul(s.bitAnd(s.lane(), 3), 2);
    Values elements;
    if (op.getATransposed()) {
      for (int64_t half : {0, 1})
        for (int64_t i : {0, 1}) {
          Value address =
              l.sharedAddress(aType, l.shared[op.getA()], s.add(s.add(pair, i), k), s.add(thread, row + 8 * half));
          elements.push_back(s.bitcast(s.loadShared(address, 1).front(), s.f32));
        }
      return inOrder(elements);
    }
    for (int64_t half : {0, 1})
      for (Value word :
           s.loadShared(l.sharedAddress(aType, l.shared[op.getA()], s.add(thread, row + 8 * half), s.add(pair, k)), 2))
        elements.push_back(s.bitcast(word, s.f32));
    return inOrder(elements);
  }

  SmallVector<Split> leftRegisters(int64_t row, int64_t k) {
    int64_t first = (row / rowStep * (inner / 8) + k / 8) * 4;
    return inOrder(ArrayRef<Value>(l.of(op.getA())).slice(first, 4));
  }

  SmallVector<Split> rightOf(Value k, int64_t n) {
    Value thread = s.shiftRight(s.lane(), 2), pair = s.mul(s.bitAnd(s.lane(), 3), 2);
    Values words;
    if (op.getTransposed())
      words = s.loadShared(l.sharedAddress(bType, l.shared[op.getB()], s.add(thread, n), s.add(pair, k)), 2);
    else
      for (int64_t i : {0, 1})
        words.append(s.loadShared(addressInRow(s.add(pair, i), k, thread, n), 1));
    return {split(s.bitcast(words[0], s.f32)), split(s.bitcast(words[1], s.f32))};
  }

  /// Of float32 element `column + n` of row `row + k`, n and k multiples of 8, row and column below 8. For all n there
  /// are only four sums of parts that vary.
  Value addressInRow(Value row, Value k, Value column, int64_t n) {
    Value start = s.offset(l.shared[op.getB()], s.mul(s.add(row, k), bType.pitch()));
    int64_t chunk = n / 4;
    Value place = s.mul(column, 4);
    if (!bType.isSwizzled())
      return s.offset(s.offset(start, place), chunk * tile::kChunkBytes);
    place = s.bitXor(place, s.mul(row, tile::kChunkBytes));
    return s.offset(s.offset(start, s.bitXor(place, s.constant(chunk % 8 * tile::kChunkBytes))),
                    chunk / 8 * 8 * tile::kChunkBytes);
  }

  Lowering &l;
  Simt &s;
  tile::DotOp op;
  RankedTensorType type;
  tile::SharedType bType, aType; ///< aType: null for a register tile
  const int64_t rows, columns, inner, rowStep;
  Values acc;
};

} // namespace

void Lowering::lowerDot(tile::DotOp op) { DotLowering(*this, op).emit(); }

} // namespace lighthouse::cuda
