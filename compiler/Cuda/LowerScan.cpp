// SPDX-License-Identifier: Apache-2.0
//
// Sums over the threads of a block: within each warp by shuffles, then of the warps' sums, which every warp adds up for
// itself.
#include "compiler/Cuda/Lowering.h"

using namespace mlir;

namespace lighthouse::cuda {

static constexpr int64_t kWarpSize = 32, kWordBytes = 4;

/// A word for each warp that a block may have, for each register.
int64_t scratchBytes(tile::ScanOp op) { return numRegisters(op.getSource().getType()) * kWarpSize * kWordBytes; }

void Lowering::lowerScan(tile::ScanOp op) {
  const Values source = of(op.getSource());
  auto type = cast<RankedTensorType>(op.getSource().getType());
  int64_t warps = tile::threadsOf(type.getEncoding()) / kWarpSize;
  Value lane = s.lane(), warp = s.warp();
  auto word = [&](int64_t i, Value within) {
    return s.offset(scratch, s.mul(s.add(within, i * kWarpSize), kWordBytes));
  };
  Values upToLane;
  for (Value x : source)
    upToLane.push_back(s.sumUpToLane(x));
  s.barrier(); // what an earlier scan left has been read
  s.ifThen(s.less(s.constant(kWarpSize - 2), lane), [&] {
    for (auto [i, sum] : llvm::enumerate(upToLane))
      s.storeScalar(sum, word(i, warp));
  });
  s.barrier();
  Value before = s.constant(0);
  Values result;
  for (auto [i, x] : llvm::enumerate(source)) {
    Value ofWarp = s.select(s.less(lane, s.constant(warps)), s.loadScalar(word(i, lane), s.i32), s.constant(0));
    Value upToWarp = s.sumUpToLane(ofWarp);
    Value beforeWarp = s.shuffle(s.sub(upToWarp, ofWarp), warp);
    result.push_back(s.add(s.add(before, beforeWarp), s.sub(upToLane[i], x)));
    before = s.add(before, s.shuffle(upToWarp, s.constant(kWarpSize - 1)));
  }
  set(op.getBefore(), std::move(result));
  set(op.getTotal(), {before});
}

} // namespace lighthouse::cuda
