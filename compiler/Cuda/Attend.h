// SPDX-License-Identifier: Apache-2.0
//
// What the attention schedules share: block sizes, row blocks in shared memory, and masked probabilities.
#pragma once

#include "compiler/Cuda/Schedule.h"

#include <optional>

namespace lighthouse::cuda {

/// Sizes of one attention problem, and constants of its softmax.
struct AttentionSizes {
  int64_t batch, heads, kv_heads, rows, head_dim;
  int64_t columns; ///< head_dim rounded up to what a product takes
  mlir::Type element;
  double scale;
  double scale_log2; ///< scale * log2(e): softmax by exp2

  /// `qs` may also be the result, which has the most heads.
  AttentionSizes(mlir::Value qs, mlir::Value ks, double scale);
  int64_t group() const { return heads / kv_heads; }
  /// Bytes of a row in shared memory.
  int64_t rowBytes() const { return columns * element.getIntOrFloatBitWidth() / 8; }
};

/// The head of a tensor that one of the `sizes.heads` reads.
mlir::Value sharedHead(TileBuilder &t, const AttentionSizes &sizes, mlir::Value head, mlir::Value tensor);

/// Blocks of `columns` keys that queries `first` up to `first + count - 1` see some of; of `rows` rows. One where none
/// of the queries are there.
mlir::Value keyBlocks(TileBuilder &t, mlir::Value first, int64_t count, Operand rows, int64_t columns);

/// ln of the sum of exp(scale s), of each row's largest s and of the sum of its weights exp(scale (s - largest)).
mlir::Value logSumExp(TileBuilder &t, mlir::Value largest, mlir::Value sum, double scale_log2);

/// How a product's rows lie over warps, and how many columns are worked on at once.
struct AttentionBlocks {
  int64_t warps, rows, columns;
  mlir::Attribute layout;

  AttentionBlocks(KernelContext &context, int64_t warps, int64_t rows, int64_t columns);
  /// Refuses sizes that products can't take. To be asked before any of the types below.
  mlir::LogicalResult check(lighthouse::KernelOp kernel) const;
  mlir::RankedTensorType tile(mlir::Type element, int64_t width) const {
    return tile::tileType({rows, width}, element, layout);
  }
  mlir::RankedTensorType row(mlir::Type element) const {
    return tile::tileType({rows}, element, tile::rowSlice(layout));
  }
  mlir::RankedTensorType column(mlir::Type element) const {
    return tile::tileType({columns}, element, tile::columnSlice(layout));
  }
};

/// Tiles of shared memory that a block goes through a run of rows with: while it works on one run the next is copied,
/// where there is memory for two.
class Stream {
public:
  using Copy = llvm::function_ref<void(llvm::ArrayRef<mlir::Value> tiles, mlir::Value run)>;

  /// What a block may have on every architecture from Ampere on, less what the weights may take.
  static constexpr int64_t kSharedBytes = 98 * 1024;

  /// `resident`: bytes of shared memory for other tiles, of `most`. `publishes`: products that run by themselves read
  /// the tiles.
  Stream(KernelContext &context, llvm::ArrayRef<tile::SharedType> types, int64_t resident, int64_t most = kSharedBytes,
         bool publishes = false);
  /// Refuses other numbers of copies than one and two. To be asked before a stream is made.
  static mlir::LogicalResult check(KernelContext &context);

  /// step(tiles, run, carried) for each run from `begin` to `end`.
  Values go(mlir::Value begin, mlir::Value end, mlir::ValueRange carried, Copy copy,
            llvm::function_ref<Values(llvm::ArrayRef<mlir::Value>, mlir::Value, mlir::ValueRange)> step);

private:
  void await();

  TileBuilder &t;
  bool twice, publishes;
  llvm::SmallVector<mlir::Value> first, second;
};

/// Weights as the left side of a product: rounded to the element type. float32 weights of wide heads go through shared
/// memory, because a product of registers is one long run of instructions, of which the assembler starts more than a
/// thread has registers for.
class Weights {
public:
  Weights(KernelContext &context, const AttentionSizes &sizes, const AttentionBlocks &blocks)
      : t(context.t), element(sizes.element) {
    if (bytes(sizes, blocks) > 0)
      shared = t.alloc({blocks.rows, blocks.columns}, element);
  }

  /// Of shared memory.
  static int64_t bytes(const AttentionSizes &sizes, const AttentionBlocks &blocks) {
    return sizes.element.isF32() && sizes.columns > 64 ? 4 * blocks.rows * blocks.columns : 0;
  }

  mlir::Value operand(mlir::Value weights) {
    if (!shared)
      return t.convert(weights, element);
    t.write(weights, shared);
    t.barrier();
    return shared;
  }

private:
  TileBuilder &t;
  mlir::Type element;
  mlir::Value shared;
};

} // namespace lighthouse::cuda
