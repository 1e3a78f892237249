// SPDX-License-Identifier: Apache-2.0
//
// Views: addresses, and accesses of up to 16 bytes.
#include "compiler/Cuda/Lowering.h"

using namespace mlir;

namespace lighthouse::cuda {
namespace {

/// Address of the element at `at`, with zeros for the dimensions that follow.
Value addressOf(Lowering &l, tile::ViewType type, const ViewMemory &memory, ValueRange at) {
  Simt &s = l.s;
  Value elements;
  for (auto [dim, coordinate] : llvm::enumerate(at)) {
    Value term = s.wide(coordinate);
    if (static_cast<int64_t>(dim) + 1 < type.getRank())
      term = s.mul(term, memory.strides[dim]);
    elements = elements ? s.add(elements, term) : term;
  }
  if (!elements)
    return memory.pointer;
  return s.offset(memory.pointer, s.mul(elements, type.getElementType().getIntOrFloatBitWidth() / 8));
}

/// A load or store of a tile: where each of its elements lies.
class Access {
public:
  Access(Lowering &l, Value view, ValueRange at, Value mask, RankedTensorType tile)
      : l(l), s(l.s), view(cast<tile::ViewType>(view.getType())), memory(l.views[view]), tile(tile),
        where(tile::Distribution::of(tile)), bytes(tile.getElementTypeBitWidth() / 8), lastAt(l.of(at.back())) {
    Values leading;
    for (Value coordinate : at.drop_back())
      leading.push_back(l.scalar(coordinate));
    base = addressOf(l, this->view, memory, leading);
    rowStride = tile.getRank() == 2 ? memory.strides[at.size() - 1] : s.constant64(1);
    if (mask)
      masks.append(l.of(mask));
  }

  /// Calls body(first element, its address, bytes, predicate) for each run of elements that lie together.
  void forEachRun(function_ref<void(int64_t, Value, int64_t, Value)> body) {
    if (tile.getRank() == 1) {
      for (size_t i = 0; i < where.elements.size(); ++i)
        body(i, rowAddress(i), bytes, maskOf(i));
      return;
    }
    int64_t columns = view.getShape().back(), width = std::min<int64_t>(where.width, tile::kChunkBytes / bytes);
    Value first = l.threadColumn(tile.getEncoding());
    SmallVector<Value> inside(where.columns.size());
    if (tile.getDimSize(1) > columns)
      for (auto [j, column] : llvm::enumerate(where.columns))
        inside[j] = s.less(s.add(first, column), s.constant(columns));
    Value firstBytes = s.wide(s.mul(first, bytes));
    SmallVector<Value> rows;
    for (size_t i = 0; i < where.rows.size(); ++i)
      rows.push_back(s.offset(rowAddress(i), firstBytes));
    for (size_t e = 0; e < where.elements.size(); e += width) {
      auto [i, j] = where.elements[e];
      body(e, s.offset(rows[i], where.columns[j] * bytes), width * bytes, s.both(maskOf(i), inside[j]));
    }
  }

private:
  Value maskOf(int64_t row) const { return masks.empty() ? Value() : masks[row]; }
  Value rowAddress(int64_t row) { return s.offset(base, s.mul(s.mul(s.wide(lastAt[row]), rowStride), bytes)); }

  Lowering &l;
  Simt &s;
  tile::ViewType view;
  const ViewMemory &memory;
  RankedTensorType tile;
  tile::Distribution where;
  const int64_t bytes;
  Value base, rowStride;
  Values lastAt; ///< registers of the last coordinate
  Values masks;
};

} // namespace

LogicalResult Lowering::lowerLoad(tile::LoadOp op) {
  auto view = cast<tile::ViewType>(op.getView().getType());
  auto type = dyn_cast<RankedTensorType>(op.getResult().getType());
  if (!type) {
    Values at;
    for (Value coordinate : op.getAt())
      at.push_back(scalar(coordinate));
    Value word = s.loadGlobal(addressOf(*this, view, views[op.getView()], at), 1, Value()).front();
    set(op.getResult(), {s.bitcast(word, view.getElementType())});
    return success();
  }
  Values result;
  Access access(*this, op.getView(), op.getAt(), op.getMask(), type);
  access.forEachRun([&](int64_t, Value address, int64_t bytes, Value predicate) {
    for (Value word : s.loadGlobal(address, bytes / 4, predicate))
      result.push_back(s.bitcast(word, registerType(type)));
  });
  set(op.getResult(), std::move(result));
  return success();
}

LogicalResult Lowering::lowerStore(tile::StoreOp op) {
  auto view = cast<tile::ViewType>(op.getView().getType());
  auto type = dyn_cast<RankedTensorType>(op.getValue().getType());
  if (!type) {
    // All threads hold the scalar; the first stores it.
    Values at;
    for (Value coordinate : op.getAt())
      at.push_back(scalar(coordinate));
    Value isFirst = s.less(s.threadId(), s.constant(1));
    s.storeGlobal({s.bitcast(scalar(op.getValue()), s.i32)}, addressOf(*this, view, views[op.getView()], at), isFirst);
    return success();
  }
  const Values &regs = of(op.getValue());
  int64_t perRegister = isPacked(type.getElementType()) ? 2 : 1;
  // A value that several threads hold is stored by the first of them.
  Value once;
  if (auto slice = dyn_cast<tile::SliceAttr>(type.getEncoding()); slice && slice.getDim() == 1)
    once = s.less(threadColumn(slice), s.constant(1));
  Access access(*this, op.getView(), op.getAt(), op.getMask(), type);
  access.forEachRun([&](int64_t first, Value address, int64_t bytes, Value predicate) {
    Values words;
    for (int64_t i = 0; i < bytes / 4; ++i)
      words.push_back(s.bitcast(regs[first / perRegister + i], s.i32));
    s.storeGlobal(words, address, s.both(once, predicate));
  });
  return success();
}

/// A run of elements of 4 bytes.
static void copyElements(Lowering &l, tile::CopyOp op) {
  Simt &s = l.s;
  auto view = cast<tile::ViewType>(op.getView().getType());
  int64_t threads = op->getParentOfType<tile::KernelOp>().getThreads();
  int64_t count = cast<tile::SharedType>(op.getTarget().getType()).getShape()[0];
  Values at;
  for (Value coordinate : op.getAt())
    at.push_back(l.scalar(coordinate));
  Value begin = at.back();
  for (int64_t first = 0; first < count; first += threads) {
    Value number = s.add(s.threadId(), first), from = s.add(begin, s.mul(number, op.getStep()));
    Value inside = s.less(from, l.scalar(op.getLimit()));
    at.back() = from;
    Value global = addressOf(l, view, l.views[op.getView()], at);
    Value to = s.offset(l.shared[op.getTarget()], s.mul(number, 4));
    auto start = [&] { s.copyAsync(to, global, inside, 4); };
    if (first + threads <= count)
      start();
    else
      s.ifThen(s.less(number, s.constant(count)), start);
  }
}

void Lowering::lowerCopy(tile::CopyOp op) {
  auto view = cast<tile::ViewType>(op.getView().getType());
  auto target = cast<tile::SharedType>(op.getTarget().getType());
  if (target.getRank() == 1)
    return copyElements(*this, op);
  int64_t threads = op->getParentOfType<tile::KernelOp>().getThreads();
  int64_t bytes = target.elementBytes(), perChunk = tile::kChunkBytes / bytes;
  int64_t chunks = target.getShape()[1] / perChunk, rows = target.getShape()[0];
  Values at;
  for (Value coordinate : op.getAt())
    at.push_back(scalar(coordinate));
  bool withColumn = static_cast<int64_t>(at.size()) == view.getRank();
  Value begin = withColumn ? at.pop_back_val() : s.constant(0); // column
  Value row = at.pop_back_val(), limit = scalar(op.getLimit());
  const ViewMemory &memory = views[op.getView()];
  Value base = addressOf(*this, view, memory, at), to = shared[op.getTarget()];
  Value rowStride = memory.strides[view.getRank() - 2];
  // As many threads as have their chunks below each other, so that one address and constant steps serve for all.
  bool aligned = threads >= chunks;
  int64_t active = aligned ? threads / chunks * chunks : threads;
  Value firstRow = s.div(s.threadId(), chunks), firstColumn = s.mul(s.rem(s.threadId(), chunks), perChunk);
  auto rowOf = [&](Value i) { return s.add(row, s.mul(i, op.getStep())); };
  auto globalAddress = [&](Value i, Value column) {
    Value elements = s.add(s.mul(s.wide(rowOf(i)), rowStride), s.wide(s.add(begin, column)));
    return s.offset(base, s.mul(elements, bytes));
  };
  // Each from the one before: multiples of a stride would all be computed ahead of a loop and keep registers.
  Value next = globalAddress(firstRow, firstColumn), step = s.mul(rowStride, active / chunks * op.getStep() * bytes);
  auto copyAll = [&] {
    for (int64_t first = 0; first < rows * chunks; first += active) {
      Value number = s.add(s.threadId(), first), i, column, global;
      if (aligned) {
        i = s.add(firstRow, first / chunks);
        column = firstColumn;
        global = next;
        next = s.offset(next, step);
      } else {
        i = s.div(number, chunks);
        column = s.mul(s.rem(number, chunks), perChunk);
        global = globalAddress(i, column);
      }
      // Of a chunk outside nothing is read, whatever its address.
      Value inside = s.less(rowOf(i), limit);
      if (withColumn || target.getShape()[1] > view.getShape().back())
        inside = s.both(inside, s.less(s.add(begin, column), s.constant(view.getShape().back())));
      auto copy = [&] { s.copyAsync(sharedAddress(target, to, i, column), global, inside, tile::kChunkBytes); };
      if (first + active <= rows * chunks)
        copy();
      else // Fewer chunks than threads are left.
        s.ifThen(s.less(number, s.constant(rows * chunks)), copy);
    }
  };
  if (active == threads)
    copyAll();
  else
    s.ifThen(s.less(s.threadId(), s.constant(active)), copyAll);
}

} // namespace lighthouse::cuda
