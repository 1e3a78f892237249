// SPDX-License-Identifier: Apache-2.0
//
// Squared norms of gated linear attention's rows for sm_90a: as in GlaSquares.cpp, by products of a warpgroup that read
// both factors from shared memory. A block of threads is one warpgroup: while it works on a block of tokens the next
// one is copied.
#include "compiler/Cuda/GlaSquares.h"
#include "compiler/Cuda/Hopper.h"

using namespace mlir;

namespace lighthouse::cuda {
namespace {

constexpr int64_t kTokens = 64; ///< of a block; rows of a product
constexpr int64_t kPanel = 64;  ///< columns of a panel of 16-bit elements
/// What a block may have on sm_90.
constexpr int64_t kHopperSharedBytes = 227 * 1024;

class HopperGlaSquaresSchedule : GlaPlace {
public:
  HopperGlaSquaresSchedule(KernelContext &context, GlaSquaresOp op)
      : GlaPlace(context, op, kTokens), layout(tile::MmaAttr::get(t.b.getContext(), 4)),
        panels(llvm::divideCeil(sizes.head_dim, kPanel)) {}

  FailureOr<Grid> emit() {
    if (failed(Stream::check(c)))
      return failure();
    find();
    tile::SharedType rows = t.panels({kTokens, panels * kPanel}, sizes.element),
                     square = t.panels({kTokens, kPanel}, sizes.element),
                     numbers = tile::SharedType::get(t.b.getContext(), {kTokens}, f32);
    for (int64_t panel = 0; panel < panels; ++panel)
      factors.push_back(t.alloc(square));
    decayed = t.alloc(square);
    sums = t.alloc(numbers);
    Stream stream(c, {rows, rows, square, numbers}, (panels + 1) * square.bytes() + numbers.bytes(), kHopperSharedBytes,
                  /*publishes=*/true);
    t.roles({{128, 240, [&](Value) {
                stream.go(
                    t.i32(0), blocksOfClass(), Values(panels, t.constant(tileOf(f32), 0)),
                    [&](ArrayRef<Value> tiles, Value run) { copy(tiles, run); },
                    [&](ArrayRef<Value> tiles, Value run, ValueRange states) { return step(tiles, run, states); });
              }}});
    return Grid{grid(), 128};
  }

private:
  /// All tiles of this schedule are squares of 64.
  RankedTensorType tileOf(Type element) const { return tile::tileType({kTokens, kPanel}, element, layout); }
  RankedTensorType rowOf(Attribute of) const { return tile::tileType({kTokens}, f32, tile::rowSlice(of)); }
  RankedTensorType columnOf(Attribute of) const { return tile::tileType({kTokens}, f32, tile::columnSlice(of)); }

  /// One block of tokens. Carried: 64 rows of the state each.
  Values step(ArrayRef<Value> tiles, Value run, ValueRange before) {
    auto [x, y] = asked(tiles);
    Value v = tiles[2];
    Value byRow = sumGates(t.read(columnOf(layout), tiles[3]), tileOf(f32));
    t.write(byRow, sums);
    for (auto [factor, state] : llvm::zip_equal(factors, before))
      t.write(t.convert(state, sizes.element), factor);
    t.publish();
    t.barrier();
    Value os;
    for (auto [panel, factor] : llvm::enumerate(factors))
      os = t.dotAsync(tileOf(f32), t.panel(x, static_cast<int64_t>(panel)), factor, TileBuilder::None, os);
    Value scores = t.dotAsync(tileOf(f32), x, y, TileBuilder::Right);
    // Meanwhile what does not need them.
    Value last = t.readAt(sums, kTokens - 1);
    decayValues(v, last);
    t.publish();
    t.barrier();
    os = t.await(os);
    scores = t.await(scores);
    Value byColumn = t.read(columnOf(layout), sums);
    Value decays = t.exp2(t.sub(t.expand(byRow, tileOf(f32)), t.expand(byColumn, tileOf(f32))));
    Value weights = t.keep(tile::Triangle::Lower, t.mul(scores, decays), t.i32(0), 0);
    weights = t.convert(weights, sizes.element);
    os = t.mul(os, t.expand(t.exp2(byRow), tileOf(f32)));
    Value whole = t.exp2(last);
    Values states;
    for (Value state : before)
      states.push_back(t.mul(state, whole));
    os = t.dotAsync(tileOf(f32), weights, v, TileBuilder::None, os);
    for (auto [panel, state] : llvm::enumerate(states))
      state = t.dotAsync(tileOf(f32), t.panel(y, static_cast<int64_t>(panel)), decayed, TileBuilder::Left, state);
    store(t.await(os), run, rowOf(layout));
    for (Value &state : states)
      state = t.await(state);
    return states;
  }

  /// Values times what is left of them at the block's end.
  void decayValues(Value v, Value last) {
    tile::RowsAttr rows = tile::rowsLayout(t.b.getContext(), 128, kPanel, 16);
    RankedTensorType type = tile::tileType({kTokens, kPanel}, sizes.element, rows);
    Value decay = t.exp2(t.sub(last, t.read(rowOf(rows), sums)));
    Value wide = t.mul(t.convert(t.read(type, v), f32), t.expand(decay, type.clone(f32)));
    t.write(t.convert(wide, sizes.element), decayed);
  }

  Attribute layout;
  const int64_t panels; ///< of a row, and tiles of the state
  Values factors;       ///< shared: the state in the element type
  Value decayed, sums;  ///< shared
};

} // namespace

bool hasHopperGlaSquares(GlaSquaresOp op, StringRef arch) {
  auto type = cast<RankedTensorType>(op.getQ().getType());
  return type.getElementTypeBitWidth() == 16 && type.getShape().back() <= hopperHeadDim(arch) &&
         (op.getNumParts() == 1 ? type.getShape().back() <= kPanel : op.getPartColumns() == kPanel);
}

FailureOr<Grid> scheduleHopperGlaSquares(KernelContext &context) {
  return HopperGlaSquaresSchedule(context, context.find<GlaSquaresOp>()).emit();
}

} // namespace lighthouse::cuda
