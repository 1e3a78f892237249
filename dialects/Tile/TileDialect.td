// SPDX-License-Identifier: Apache-2.0
//
// The tile dialect: layouts of register tiles, and the types of tiles in memory.
#ifndef LIGHTHOUSE_TILE_DIALECT_TD
#define LIGHTHOUSE_TILE_DIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/TensorEncoding.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::lighthouse::tile";
  let summary = "one thread block's program over typed tiles";
  let description = [{
    A `tile.kernel` is what one thread block does. Values are scalars (`i32`), the same in every thread, and tiles that the block's threads hold together:
    a register tile is a `tensor` whose encoding, its layout, says which thread holds which element. Arithmetic on tiles is that of `arith` and `math`, element by element;
    tiles of different layouts have different types, so mixing them is a verifier's error. Global memory is seen through a `!tile.view`, shared memory through a `!tile.shared`.

    The words are few: `load` and `store` move between a view and registers, `read` and `write` between shared memory and registers, `copy` from a view to shared memory without
    waiting; `dot` multiplies, `reduce` folds a dimension, `expand` repeats along one.

    ```mlir
    #rows = #tile.rows<threads = 256, lanes = 16, elements = 8>
    tile.kernel @scale_rows(%x: !tile.view<1x8x4096x128xbf16>, %y: !tile.view<1x8x4096x128xf32>) blocks 2048 threads 256 {
      %c0 = arith.constant 0 : i32
      %rows = tile.range : tensor<16xi32, #tile.slice<dim = 1, of = #rows>>
      %tile = tile.load %x[%c0, %c0, %rows] : (!tile.view<1x8x4096x128xbf16>, i32, i32, tensor<16xi32, #tile.slice<dim = 1, of = #rows>>) -> tensor<16x128xbf16, #rows>
      %wide = arith.extf %tile : tensor<16x128xbf16, #rows> to tensor<16x128xf32, #rows>
      tile.store %wide, %y[%c0, %c0, %rows] : (tensor<16x128xf32, #rows>, !tile.view<1x8x4096x128xf32>, i32, i32, tensor<16xi32, #tile.slice<dim = 1, of = #rows>>)
    }
    ```
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect", "::mlir::math::MathDialect"];
}

//===-- Layouts ------------------------------------------------------------------------------------------------------===//

class Tile_Layout<string name, string attrMnemonic>
    : AttrDef<Tile_Dialect, name, [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let mnemonic = attrMnemonic;
  let genVerifyDecl = 1;
}

def Tile_RowsAttr : Tile_Layout<"Rows", "rows"> {
  let summary = "a row lies in the lanes of a group, a few neighbouring elements a lane";
  let description = [{
    Threads form groups of `lanes`; group `g` of `G = threads / lanes` holds rows `g`, `g + G`, ... A lane holds columns `lane * elements .. + elements - 1`, and
    again every `lanes * elements` columns. For moving rows: with 16 bytes a lane, a warp's accesses are whole.

    ```mlir
    tensor<32x128xbf16, #tile.rows<threads = 256, lanes = 16, elements = 8>>   // two rows a group
    ```
  }];
  let parameters = (ins "int64_t":$threads, "int64_t":$lanes, "int64_t":$elements);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Tile_MmaAttr : Tile_Layout<"Mma", "mma"> {
  let summary = "the accumulators of warp-wide matrix instructions";
  let description = [{
    Warp `w` holds rows `16 w .. 16 w + 15`, and again every `16 * warps` rows. In a block of 16 rows and 8 columns, lane `l` holds columns `2 (l % 4)` and the next of rows `l / 4` and
    `l / 4 + 8` (PTX ISA, "Matrix Fragments for mma.m16n8k16", C). Converted to 16 bits, the same elements are the fragment of A: the result of one `dot` is the operand of the next
    without moving.

    ```mlir
    tensor<64x128xf32, #tile.mma<warps = 4>>   // 16 rows a warp, 64 elements a thread
    ```
  }];
  let parameters = (ins "int64_t":$warps);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Tile_LinearAttr : Tile_Layout<"Linear", "linear"> {
  let summary = "one dimension over all threads";
  let description = [{
    Thread `t` holds elements `t`, `t + threads`, ...

    ```mlir
    tensor<1024xi32, #tile.linear<threads = 512>>   // two elements a thread
    ```
  }];
  let parameters = (ins "int64_t":$threads);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Tile_SliceAttr : Tile_Layout<"Slice", "slice"> {
  let summary = "what is left of a layout without one dimension";
  let description = [{
    One value a row (`dim = 1`) or a column (`dim = 0`) of a tile of layout `of`, in every thread that holds a part of that row or column.

    ```mlir
    tensor<64xf32, #tile.slice<dim = 1, of = #tile.mma<warps = 4>>>   // a row's maximum
    ```
  }];
  let parameters = (ins "int64_t":$dim, "::mlir::Attribute":$of);
  let assemblyFormat = "`<` struct(params) `>`";
}

//===-- Tiles in memory ----------------------------------------------------------------------------------------------===//

class Tile_Type<string name, string typeMnemonic> : TypeDef<Tile_Dialect, name> {
  let mnemonic = typeMnemonic;
  let genVerifyDecl = 1;
}

def Tile_ViewType : Tile_Type<"View", "view"> {
  let summary = "a tensor in global memory";
  let description = [{
    A kernel's argument: the address of its first element, row-major, or `strided`: then the strides of all dimensions but the last come with it, and the last is 1. Rows start at
    multiples of 16 bytes. A strided view of four dimensions may be `varlen`: a launch gives the size of its third dimension, of which the type has the largest.

    ```mlir
    !tile.view<1x8x98304x128xbf16, strided>
    !tile.view<1x8x4096x128xbf16, strided, varlen>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType, "bool":$strided, "bool":$varlen);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    int64_t getRank() const { return getShape().size(); }
  }];
}

def Tile_SharedType : Tile_Type<"Shared", "shared"> {
  let summary = "a tile in the block's shared memory";
  let description = [{
    One or two dimensions. Rows of two dimensions are made of chunks of 16 bytes. Where a row is a multiple of 128 bytes, chunk `j` of row `i` lies in place `j ^ (i % 8)`; otherwise rows are an odd number
    of chunks apart. Both ways the 8 rows that a matrix load touches at once lie in different banks.

    `panels`: columns are cut into panels of 128 bytes, which lie one after another, each with all rows; chunks are permuted within a row of a panel. So tensor copies write, and `dot_async` reads
    (PTX ISA, "Asynchronous Warpgroup Level Matrix Shared Memory Layout", 128-byte swizzling). `write` and `copy`, and `read` but for 16-bit elements to layout `mma`, know them
    too; `dot` does not.

    ```mlir
    !tile.shared<64x128xbf16>
    !tile.shared<64x128xbf16, panels>   // two panels of 64 columns
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType, "bool":$panels);
  let builders = [TypeBuilder<(ins "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$elementType), [{
    return $_get($_ctxt, shape, elementType, false);
  }]>];
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    int64_t getRank() const { return getShape().size(); }
    /// Bytes of one element.
    int64_t elementBytes() const;
    /// Whether the chunks of a row are permuted.
    bool isSwizzled() const;
    /// Bytes from a row to the next (two dimensions).
    int64_t pitch() const;
    /// Bytes of the whole tile.
    int64_t bytes() const;
    /// Columns of a panel.
    int64_t panelColumns() const { return 128 / elementBytes(); }
    /// Bytes from a panel to the next.
    int64_t panelBytes() const { return getShape()[0] * 128; }
    /// Where it may begin.
    int64_t alignment() const { return getPanels() ? 1024 : 128; }
  }];
}

def Tile_RingType : Tile_Type<"Ring", "ring"> {
  let summary = "shared tiles that one role fills and others read, in turns";
  let description = [{
    `stages` tiles, each with a barrier that says it is full and one that says it is empty. Number `n` of what passes through uses tile `n % stages`.

    ```mlir
    !tile.ring<2, !tile.shared<128x128xbf16, panels>>
    ```
  }];
  let parameters = (ins "int64_t":$stages, "::lighthouse::tile::SharedType":$tile);
  let assemblyFormat = "`<` $stages `,` $tile `>`";
}

def Tile_PendingType : Tile_Type<"Pending", "pending"> {
  let summary = "a register tile that a product is still being added to";
  let description = [{
    Nothing takes it but `await`, which gives the tile.

    ```mlir
    !tile.pending<tensor<64x128xf32, #tile.mma<warps = 4>>>
    ```
  }];
  let parameters = (ins "::mlir::RankedTensorType":$tile);
  let assemblyFormat = "`<` $tile `>`";
}

def Tile_ReductionAttr : I32EnumAttr<"Reduction", "how a dimension is folded", [
    I32EnumAttrCase<"Add", 0, "add">, I32EnumAttrCase<"Max", 1, "max">, I32EnumAttrCase<"Maximum", 2, "maximum">,
    I32EnumAttrCase<"Minimum", 3, "minimum">]> {
  let cppNamespace = "::lighthouse::tile";
}

def Tile_TriangleAttr : I32EnumAttr<"Triangle", "a side of a diagonal, and the diagonal", [
    I32EnumAttrCase<"Lower", 0, "lower">, I32EnumAttrCase<"Upper", 1, "upper">]> {
  let cppNamespace = "::lighthouse::tile";
}

#endif // LIGHTHOUSE_TILE_DIALECT_TD
