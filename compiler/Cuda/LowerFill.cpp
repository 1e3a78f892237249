// SPDX-License-Identifier: Apache-2.0
//
// Filling a run of a view: up to three elements, then 16 bytes a thread, then up to three again.
#include "compiler/Cuda/Lowering.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace lighthouse::cuda {

static constexpr int64_t kElementBytes = 4, kPerChunk = tile::kChunkBytes / kElementBytes;

void Lowering::lowerFill(tile::FillOp op) {
  const ViewMemory &memory = views[op.getView()];
  Value thread = s.threadId(), value = scalar(op.getValue()), elements = s.wide(scalar(op.getAt().back()));
  for (auto [coordinate, stride] : llvm::zip(op.getAt().drop_back(), memory.strides))
    elements = s.add(elements, s.mul(s.wide(scalar(coordinate)), stride));
  Value base = s.offset(memory.pointer, s.mul(elements, kElementBytes));
  auto at = [&](Value element) { return s.offset(base, s.mul(s.wide(element), kElementBytes)); };
  // The view starts at a multiple of 16 bytes.
  Value low = arith::TruncIOp::create(s.b, s.loc, s.i32, elements);
  Value head = s.bitAnd(s.sub(s.constant(0), low), kPerChunk - 1), count = s.constant(op.getCount());
  head = s.select(s.less(head, count), head, count);
  Value chunks = s.div(s.sub(count, head), kPerChunk), tail = s.add(head, s.mul(chunks, kPerChunk));
  s.ifThen(s.less(thread, head), [&] { s.storeGlobal(value, at(thread), Value()); });
  int64_t threads = op->getParentOfType<tile::KernelOp>().getThreads();
  auto loop = scf::ForOp::create(s.b, s.loc, thread, chunks, s.constant(threads));
  {
    OpBuilder::InsertionGuard guard(s.b);
    s.b.setInsertionPointToStart(loop.getBody());
    Value first = s.add(head, s.mul(loop.getInductionVar(), kPerChunk));
    s.storeGlobal(Values(kPerChunk, value), at(first), Value());
  }
  Value last = s.add(tail, thread);
  s.ifThen(s.less(last, count), [&] { s.storeGlobal(value, at(last), Value()); });
}

} // namespace lighthouse::cuda
