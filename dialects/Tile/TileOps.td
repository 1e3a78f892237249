// SPDX-License-Identifier: Apache-2.0
//
// The words of a tile program.
#ifndef LIGHTHOUSE_TILE_OPS_TD
#define LIGHTHOUSE_TILE_OPS_TD

include "dialects/Tile/TileDialect.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/Tile/TileAsyncOps.td"

class Tile_Op<string mnemonic, list<Trait> traits = []> : Op<Tile_Dialect, mnemonic, traits>;

def Tile_Tile : AnyTypeOf<[RankedTensorOf<[F32, F64, F16, BF16, I1, I32, I64]>], "a register tile">;
def Tile_F32Tile : AnyTypeOf<[RankedTensorOf<[F32]>], "a register tile of f32">;
def Tile_Mask : AnyTypeOf<[RankedTensorOf<[I1]>], "a register tile of i1">;
def Tile_Scalar : AnyTypeOf<[F32, F64, I1, I32, I64], "a scalar">;
def Tile_Coordinate : AnyTypeOf<[I32, RankedTensorOf<[I32]>], "an i32 or a register tile of i32">;

//===-- Program ------------------------------------------------------------------------------------------------------===//

def KernelOp : Tile_Op<"kernel", [IsolatedFromAbove, Symbol, SingleBlock, NoTerminator]> {
  let summary = "what one thread block does";
  let description = [{
    Launched with `blocks` blocks of `threads` threads. Arguments are views. Every layout in the region has `threads` threads; a view that is loaded from is not stored to. `min_blocks`: blocks that should fit on a
    multiprocessor at once, which bounds the registers of a thread. `programmatic`: blocks may be there before the launch in front of theirs has ended; they wait for its end, then let the next launch's come.

    ```mlir
    tile.kernel @forward_scatter(%os: !tile.view<1x8x2560x64xf32>, %out: !tile.view<1x8x8192x64xf32, strided>) blocks 512 threads 256 {
      %block = tile.block_id
      // ...
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$blocks, I64Attr:$threads, DefaultValuedAttr<I64Attr, "1">:$min_blocks,
                       UnitAttr:$programmatic);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Block::BlockArgListType getViews() { return getBody().front().getArguments(); }
  }];
}

def BlockIdOp : Tile_Op<"block_id", [Pure]> {
  let summary = "the number of this block";
  let description = [{
    From 0 to `blocks - 1`.

    ```mlir
    %block = tile.block_id
    ```
  }];
  let results = (outs I32:$id);
  let assemblyFormat = "attr-dict";
}

def RowsOp : Tile_Op<"rows", [Pure]> {
  let summary = "how many rows a varlen view has";
  let description = [{
    The size of its third dimension in this launch.

    ```mlir
    %rows = tile.rows %tokens : !tile.view<1x8x4096x128xbf16, strided, varlen>
    ```
  }];
  let arguments = (ins Tile_ViewType:$view);
  let results = (outs I32:$rows);
  let assemblyFormat = "$view attr-dict `:` type($view)";
  let hasVerifier = 1;
}

//===-- Registers ----------------------------------------------------------------------------------------------------===//

def RangeOp : Tile_Op<"range", [Pure]> {
  let summary = "0, 1, 2, ...";
  let description = [{
    Each element of a one-dimensional tile is its own index.

    ```mlir
    %rows = tile.range : tensor<64xi32, #tile.slice<dim = 1, of = #tile.mma<warps = 4>>>
    ```
  }];
  let results = (outs RankedTensorOf<[I32]>:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def SplatOp : Tile_Op<"splat", [Pure, TypesMatchWith<"element type of the tile", "result", "value",
                                               "::llvm::cast<::mlir::RankedTensorType>($_self).getElementType()">]> {
  let summary = "a tile of one value";
  let description = [{
    ```mlir
    %tile = tile.splat %x : tensor<64x128xf32, #tile.mma<warps = 4>>
    ```
  }];
  let arguments = (ins Tile_Scalar:$value);
  let results = (outs Tile_Tile:$result);
  let assemblyFormat = "$value attr-dict `:` type($result)";
}

def ExpandOp : Tile_Op<"expand", [Pure]> {
  let summary = "repeats one value a row, or a column, along the other dimension";
  let description = [{
    The operand's layout is a slice of the result's.

    ```mlir
    %tile = tile.expand %maxima : tensor<64xf32, #tile.slice<dim = 1, of = #mma>> to tensor<64x128xf32, #mma>
    ```
  }];
  let arguments = (ins Tile_Tile:$source);
  let results = (outs Tile_Tile:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

def ColumnsOp : Tile_Op<"columns", [Pure]> {
  let summary = "some columns of a tile";
  let description = [{
    From column `first` on, a multiple of 8; layout `mma`. Nothing moves.

    ```mlir
    %half = tile.columns %scores[32] : tensor<64x64xf32, #mma> to tensor<64x32xf32, #mma>
    ```
  }];
  let arguments = (ins Tile_F32Tile:$source, I64Attr:$first);
  let results = (outs Tile_F32Tile:$result);
  let assemblyFormat = "$source `[` $first `]` attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

def ReduceOp : Tile_Op<"reduce", [Pure]> {
  let summary = "folds the columns of each row";
  let description = [{
    One value a row, in every thread that holds a part of the row; the order of the additions depends on the layout only. `max` leaves NaN out, `maximum` and `minimum` are NaN where an element is. Or to eight columns of the same layout `mma`, the sums of every eighth column, for
    which no thread needs another's.

    ```mlir
    %maxima = tile.reduce max %scores : tensor<64x64xf32, #mma> to tensor<64xf32, #tile.slice<dim = 1, of = #mma>>
    ```
  }];
  let arguments = (ins Tile_ReductionAttr:$kind, RankedTensorOf<[F32, F64]>:$source);
  let results = (outs RankedTensorOf<[F32, F64]>:$result);
  let assemblyFormat = "$kind $source attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

def ScanOp : Tile_Op<"scan", [MemoryEffects<[MemRead, MemWrite]>, AllTypesMatch<["source", "before"]>]> {
  let summary = "sums of the elements before each, and of all";
  let description = [{
    All threads of the block meet in it, as in a `barrier`.

    ```mlir
    %before, %total = tile.scan %counts : tensor<512xi32, #tile.linear<threads = 128>>
    ```
  }];
  let arguments = (ins RankedTensorOf<[I32]>:$source);
  let results = (outs RankedTensorOf<[I32]>:$before, I32:$total);
  let assemblyFormat = "$source attr-dict `:` type($source)";
  let hasVerifier = 1;
}

def KeepOp : Tile_Op<"keep", [Pure, AllTypesMatch<["source", "result"]>]> {
  let summary = "the elements of a triangle, and a constant elsewhere";
  let description = [{
    `lower` keeps element [i, j] where j <= i + diagonal, `upper` where j >= i + diagonal. A thread compares its rows with constants: no column numbers take registers.

    ```mlir
    %seen = tile.keep lower %scores, %row else 0xFF800000 : tensor<64x64xf32, #mma>
    ```
  }];
  let arguments = (ins Tile_TriangleAttr:$side, Tile_F32Tile:$source, I32:$diagonal, F32Attr:$otherwise);
  let results = (outs Tile_F32Tile:$result);
  let assemblyFormat = "$side $source `,` $diagonal `else` $otherwise attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def AnyOp : Tile_Op<"any"> {
  let summary = "whether an element of the mask is true, in any thread of the block";
  let description = [{
    The same answer in every thread, so that the block may branch on it.

    ```mlir
    %some = tile.any %inside : tensor<64xi1, #r>
    ```
  }];
  let arguments = (ins Tile_Mask:$mask);
  let results = (outs I1:$result);
  let assemblyFormat = "$mask attr-dict `:` type($mask)";
}

def DotOp : Tile_Op<"dot", [MemoryEffects<[MemRead]>, AllTypesMatch<["acc", "result"]>]> {
  let summary = "matrix product, added to a tile";
  let description = [{
    `result = a b + acc` with `a` [M, K], `b` [K, N] or, `transposed`, [N, K]. `a` is a register tile of the accumulator's layout or a shared tile, which is [K, M] with `a_transposed`; `b` is a shared tile. 16-bit elements: `mma.sync` with float32
    accumulation. float32: each factor is split into two tf32 numbers, whose three larger products are summed, and the sums of 8 columns are added with rounding; about 2^-21 of the largest term is lost.

    ```mlir
    %s = tile.dot %a, %k, %zero transposed : tensor<64x128xbf16, #mma>, !tile.shared<64x128xbf16>, tensor<64x64xf32, #mma>
    %t = tile.dot %weights a_transposed, %k, %sums : !tile.shared<64x64xbf16>, !tile.shared<64x128xbf16>, tensor<64x128xf32, #mma>
    ```
  }];
  let arguments = (ins AnyType:$a, AnyType:$b, Tile_F32Tile:$acc, UnitAttr:$transposed, UnitAttr:$a_transposed);
  let results = (outs Tile_F32Tile:$result);
  let assemblyFormat = "$a (`a_transposed` $a_transposed^)? `,` $b `,` $acc (`transposed` $transposed^)? attr-dict `:` type($a) `,` type($b) `,` type($acc)";
  let hasVerifier = 1;
}

//===-- Global memory ------------------------------------------------------------------------------------------------===//

class Tile_Access<string mnemonic, list<Trait> traits> : Tile_Op<mnemonic, traits # [AttrSizedOperandSegments]> {
  let hasVerifier = 1;
}

def LoadOp : Tile_Access<"load", [Pure]> {
  let summary = "from a view to registers";
  let description = [{
    Coordinates say where: scalars, and last a tile. A two-dimensional result has a row of the view's last dimension for each element of that tile; columns beyond the view's are zero. A
    one-dimensional result has an element for each, and then the coordinates reach the view's last dimension. With all coordinates scalar the result is a scalar. Where the mask is false the result is zero and
    nothing is read.

    ```mlir
    %tile = tile.load %qs[%b, %h, %rows] mask %inside : (!tile.view<1x8x4096x128xbf16>, i32, i32, tensor<64xi32, #r>, tensor<64xi1, #r>) -> tensor<64x128xbf16, #rows>
    ```
  }];
  let arguments = (ins Tile_ViewType:$view, Variadic<Tile_Coordinate>:$at, Optional<Tile_Mask>:$mask);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$view `[` $at `]` (`mask` $mask^)? attr-dict `:` functional-type(operands, results)";
}

def StoreOp : Tile_Access<"store", [MemoryEffects<[MemWrite]>]> {
  let summary = "from registers to a view";
  let description = [{
    As `load`; columns beyond the view's, and what the mask excludes, are not written.

    ```mlir
    tile.store %tile, %out[%b, %h, %rows] : (tensor<64x128xbf16, #rows>, !tile.view<1x8x4096x128xbf16>, i32, i32, tensor<64xi32, #r>)
    ```
  }];
  let arguments = (ins AnyType:$value, Tile_ViewType:$view, Variadic<Tile_Coordinate>:$at, Optional<Tile_Mask>:$mask);
  let assemblyFormat = "$value `,` $view `[` $at `]` (`mask` $mask^)? attr-dict `:` `(` type(operands) `)`";
}

def FillOp : Tile_Op<"fill", [MemoryEffects<[MemWrite]>]> {
  let summary = "one value to a run of elements of a view";
  let description = [{
    `count` elements of the view's last dimension from the last coordinate on, 16 bytes at once.

    ```mlir
    tile.fill %none, %slots[%b, %h, %first] {count = 8192} : !tile.view<1x8x10752xi32>
    ```
  }];
  let arguments = (ins I32:$value, Tile_ViewType:$view, Variadic<I32>:$at, I64Attr:$count);
  let assemblyFormat = "$value `,` $view `[` $at `]` ` ` `{` `count` `=` $count `}` attr-dict `:` type($view)";
  let hasVerifier = 1;
}

//===-- Shared memory ------------------------------------------------------------------------------------------------===//

def AllocOp : Tile_Op<"alloc", [MemoryEffects<[MemAlloc]>]> {
  let summary = "shared memory for a tile";
  let description = [{
    At the top of a kernel.

    ```mlir
    %k = tile.alloc : !tile.shared<64x128xbf16>
    ```
  }];
  let results = (outs Tile_SharedType:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def AliasOp : Tile_Op<"alias", [Pure]> {
  let summary = "another tile in the same shared memory";
  let description = [{
    For what is written when the first tile is no longer needed. Not larger than it.

    ```mlir
    %sums = tile.alias %k : !tile.shared<64x128xbf16> to !tile.shared<32x128xf32>
    ```
  }];
  let arguments = (ins Tile_SharedType:$source);
  let results = (outs Tile_SharedType:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
}

def ChooseOp : Tile_Op<"choose", [Pure, AllTypesMatch<["first", "second", "result"]>]> {
  let summary = "one of two shared tiles";
  let description = [{
    The second where the number is odd, else the first: while a block works on one, the other is filled.

    ```mlir
    %now = tile.choose %q, %k by %row : !tile.shared<64x128xbf16>
    ```
  }];
  let arguments = (ins Tile_SharedType:$first, Tile_SharedType:$second, I32:$number);
  let results = (outs Tile_SharedType:$result);
  let assemblyFormat = "$first `,` $second `by` $number attr-dict `:` type($result)";
}

def ReadOp : Tile_Op<"read", [MemoryEffects<[MemRead]>, AttrSizedOperandSegments]> {
  let summary = "from shared memory to registers";
  let description = [{
    The whole tile; or, with an index tile, the elements of a one-dimensional shared tile, and with a scalar index one element, to a scalar. `transposed`: the tile's transpose, 16-bit
    elements, to the layout `mma`. `from`: of a one-dimensional shared tile the elements from that one on.

    ```mlir
    %a = tile.read %q : (!tile.shared<64x128xbf16>) -> tensor<64x128xbf16, #mma>
    ```
  }];
  let arguments = (ins Tile_SharedType:$source, Optional<Tile_Coordinate>:$at, Optional<I32>:$first, UnitAttr:$transposed);
  let results = (outs AnyTypeOf<[Tile_Tile, Tile_Scalar]>:$result);
  let assemblyFormat = "$source (`[` $at^ `]`)? (`from` $first^)? (`transposed` $transposed^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def WriteOp : Tile_Op<"write", [MemoryEffects<[MemWrite]>, AttrSizedOperandSegments]> {
  let summary = "from registers to shared memory";
  let description = [{
    The whole tile; or, with an index tile, single elements of a one-dimensional shared tile, where the mask is true.

    ```mlir
    tile.write %p, %weights : (tensor<64x64xbf16, #mma>, !tile.shared<64x64xbf16>)
    ```
  }];
  let arguments = (ins Tile_Tile:$value, Tile_SharedType:$target, Optional<RankedTensorOf<[I32]>>:$at, Optional<Tile_Mask>:$mask);
  let assemblyFormat = "$value `,` $target (`[` $at^ `]`)? (`mask` $mask^)? attr-dict `:` `(` type(operands) `)`";
  let hasVerifier = 1;
}

def CountOp : Tile_Op<"count", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "adds one to elements of shared memory";
  let description = [{
    For each index whose mask is true, the element there grows by 1; equal indices all count.

    ```mlir
    tile.count %histogram[%digits] mask %open : !tile.shared<256xi32>, tensor<512xi32, #tile.linear<threads = 128>>, tensor<512xi1, #tile.linear<threads = 128>>
    ```
  }];
  let arguments = (ins Tile_SharedType:$target, RankedTensorOf<[I32]>:$at, Optional<Tile_Mask>:$mask);
  let assemblyFormat = "$target `[` $at `]` (`mask` $mask^)? attr-dict `:` type(operands)";
  let hasVerifier = 1;
}

def CopyOp : Tile_Op<"copy", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "starts copying rows of a view to shared memory";
  let description = [{
    Rows `row`, `row + step`, `row + 2 step`, ... at the leading coordinates; rows from `limit` on and columns beyond the view's become zero. With one coordinate more,
    the first column, a multiple of a chunk: as many columns as the tile has. To a shared tile of one dimension: elements of the view's last dimension. It is there after a `wait`
    and a `barrier`.

    ```mlir
    tile.copy %ks[%b, %h, %row] limit %end, %k : !tile.view<1x8x4096x128xbf16>, !tile.shared<64x128xbf16>
    tile.copy %ks[%b, %h, %row, %first] limit %end, %weights {step = 4 : i64} : !tile.view<1x8x4096x128xbf16>, !tile.shared<64x64xbf16>
    ```
  }];
  let arguments = (ins Tile_ViewType:$view, Variadic<I32>:$at, I32:$limit, Tile_SharedType:$target, DefaultValuedAttr<I64Attr, "1">:$step);
  let assemblyFormat = "$view `[` $at `]` `limit` $limit `,` $target attr-dict `:` type($view) `,` type($target)";
  let hasVerifier = 1;
}

def CommitOp : Tile_Op<"commit", [MemoryEffects<[MemWrite]>]> {
  let summary = "groups the copies started since the last one";
  let description = [{
    ```mlir
    tile.commit
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def WaitOp : Tile_Op<"wait", [MemoryEffects<[MemWrite]>]> {
  let summary = "waits until at most `pending` groups of this thread's copies are under way";
  let description = [{
    What other threads copied needs a `barrier` as well.

    ```mlir
    tile.wait {pending = 1}
    ```
  }];
  let arguments = (ins I64Attr:$pending);
  let assemblyFormat = "` ` `{` `pending` `=` $pending `}` attr-dict";
  let hasVerifier = 1;
}

def BarrierOp : Tile_Op<"barrier", [MemoryEffects<[MemWrite]>]> {
  let summary = "waits for all threads of the block; what they wrote to shared memory is seen after it";
  let description = [{
    ```mlir
    tile.barrier
    ```
  }];
  let assemblyFormat = "attr-dict";
}

#endif // LIGHTHOUSE_TILE_OPS_TD
