// SPDX-License-Identifier: Apache-2.0
//
// Register tiles. One tile keeps rows x vectors accumulators in registers while it walks the depth: per step one load a
// vector of B and one broadcast a row of A.
#include "compiler/Host/Matmul.h"

using namespace mlir;

namespace lighthouse::host {
namespace {

/// Accumulators that leave registers for a tile's vectors of B and a broadcast.
int64_t maxAccumulators(const Machine &machine) { return machine.registers >= 32 ? 24 : 12; }

void emitTile(Emitter &e, const Product &p, Value m, int64_t rows, ArrayRef<Chunk> columns) {
  SmallVector<Value> row;
  for (int64_t r = 0; r < rows; ++r)
    row.push_back(e.add(m, r));
  Values accumulators;
  for (Value each : row)
    for (Chunk n : columns)
      accumulators.push_back(p.init ? p.init(each, n) : e.zeros(n.width));
  Values sums = e.loop(0, p.depth, 1, accumulators, [&](Value k, ValueRange carried) {
    Values vectors, next;
    for (Chunk n : columns)
      vectors.push_back(p.b(k, n));
    for (auto [r, each] : llvm::enumerate(row)) {
      Value a = p.a(each, k);
      for (auto [i, n] : llvm::enumerate(columns))
        next.push_back(
            vector::FMAOp::create(e.b, e.loc, e.splat(a, n.width), vectors[i], carried[r * columns.size() + i]));
    }
    return next;
  });
  for (auto [r, each] : llvm::enumerate(row))
    for (auto [i, n] : llvm::enumerate(columns))
      p.finish(each, n, sums[r * columns.size() + i]);
}

} // namespace

int64_t tileRows(const Machine &machine, int64_t vectors) {
  int64_t rows = 12;
  while (rows > 1 && (rows * vectors > maxAccumulators(machine) || 24 % rows != 0))
    --rows;
  return rows;
}

void emitProduct(Emitter &e, const Product &p) {
  SmallVector<Chunk> columns = e.chunks(p.columns);
  // Groups of nearly equal size: 5 vectors are 3 + 2, not 4 + 1.
  int64_t most = e.machine.registers >= 32 ? 4 : 2;
  if (static_cast<int64_t>(columns.size()) <= kLaneVectors)
    most = kLaneVectors;
  int64_t groups = llvm::divideCeil(columns.size(), most);
  int64_t size = llvm::divideCeil(columns.size(), groups);
  for (int64_t first = 0; first < static_cast<int64_t>(columns.size()); first += size) {
    ArrayRef<Chunk> group = ArrayRef(columns).slice(first, std::min<int64_t>(size, columns.size() - first));
    int64_t rows = tileRows(e.machine, group.size());
    Value whole = e.mul(e.div(p.rows, rows), rows);
    e.loop(0, whole, rows, [&](Value m) { emitTile(e, p, m, rows, group); });
    e.loop(whole, p.rows, 1, [&](Value m) { emitTile(e, p, m, 1, group); });
  }
}

void stageRows(Emitter &e, Value from, ArrayRef<Index> at, Index first, Index count, Index last, Value to) {
  int64_t width = shapeOf(to)[1];
  e.loop(0, count, 1, [&](Value row) {
    SmallVector<Index> source(at);
    source.push_back(e.min(e.add(first, row), last));
    e.storeRow(e.loadRow(from, source, width), to, {row}, width);
  });
}

void stageRowsTransposed(Emitter &e, Value from, ArrayRef<Index> at, Index first, Index count, Index last, Value to,
                         double factor) {
  int64_t width = shapeOf(to)[0];
  Value line = e.scratch({width}, e.b.getF32Type());
  e.loop(0, count, 1, [&](Value row) {
    SmallVector<Index> source(at);
    source.push_back(e.min(e.add(first, row), last));
    e.storeRow(e.scaleRow(e.loadRow(from, source, width), factor), line, {}, width);
    e.loop(0, width, 1, [&](Value d) { e.store(e.load(line, {d}), to, {d, row}); });
  });
}

} // namespace lighthouse::host
