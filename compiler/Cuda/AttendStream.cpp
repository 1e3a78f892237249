// SPDX-License-Identifier: Apache-2.0
//
// Going through runs of rows in shared memory.
#include "compiler/Cuda/Attend.h"

using namespace mlir;

namespace lighthouse::cuda {

LogicalResult Stream::check(KernelContext &context) {
  int64_t stages = context.parameter("stages", 1);
  if (stages > 2)
    return context.kernel.emitOpError("expects schedule parameter stages to be 1 or 2, but got ") << stages;
  return success();
}

Stream::Stream(KernelContext &context, ArrayRef<tile::SharedType> types, int64_t resident, int64_t most, bool publishes)
    : t(context.t), publishes(publishes) {
  int64_t bytes = 0;
  for (tile::SharedType type : types)
    bytes += type.bytes();
  twice = context.parameter("stages", resident + 2 * bytes <= most ? 2 : 1, {1, 2}) == 2;
  for (tile::SharedType type : types)
    first.push_back(t.alloc(type));
  for (tile::SharedType type : types)
    second.push_back(twice ? t.alloc(type) : first[second.size()]);
}

/// Until what was copied is there, and all threads have come here.
void Stream::await() {
  t.wait(0);
  if (publishes)
    t.publish();
  t.barrier();
}

Values Stream::go(Value begin, Value end, ValueRange carried, Copy copy,
                  function_ref<Values(ArrayRef<Value>, Value, ValueRange)> step) {
  auto tilesOf = [&](Value run) {
    SmallVector<Value> tiles;
    for (auto [even, odd] : llvm::zip_equal(first, second))
      tiles.push_back(t.choose(even, odd, run));
    return tiles;
  };
  t.barrier(); // All are done with what an earlier run of this loop left.
  if (!twice)
    return t.loop(begin, end, 1, carried, [&](Value run, ValueRange now) {
      t.barrier(); // All are done with the run before.
      copy(first, run);
      t.commit();
      await();
      return step(first, run, now);
    });
  copy(tilesOf(begin), begin);
  t.commit();
  return t.loop(begin, end, 1, carried, [&](Value run, ValueRange now) {
    await(); // This run is here, and all are done with the one before, in whose place goes the next.
    Value next = t.add(run, 1);
    t.ifThen(t.less(next, end), [&] { copy(tilesOf(next), next); });
    t.commit();
    return step(tilesOf(run), run, now);
  });
}

} // namespace lighthouse::cuda
