// SPDX-License-Identifier: Apache-2.0
//
// The words of a tile program whose warps have roles: copies and products that run by themselves, and what waits for them.
#ifndef LIGHTHOUSE_TILE_ASYNC_OPS_TD
#define LIGHTHOUSE_TILE_ASYNC_OPS_TD

include "dialects/Tile/TileDialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Tile_AsyncOp<string mnemonic, list<Trait> traits = [MemoryEffects<[MemRead, MemWrite]>]> : Op<Tile_Dialect, mnemonic, traits> {
  let hasVerifier = 1;
}

//===-- Roles --------------------------------------------------------------------------------------------------------===//

def RolesOp : Op<Tile_Dialect, "roles", [SingleBlock, NoTerminator, RecursiveMemoryEffects]> {
  let summary = "what each part of the block's threads does";
  let description = [{
    A role has one thread, or whole warpgroups of 128 threads; roles take the block's warpgroups in order, and one of a single thread has a warpgroup for itself. Its region runs once in each of
    its warpgroups, with the number of the warpgroup in the role; layouts inside have 128 threads. `registers`: what a thread of the role may use; together no more than the block begins with: for each of its threads as many as a multiprocessor has, in steps of 8. At the top of a
    kernel, once. A role of one thread has no register tiles, and none has the words that all of the block's threads share: `barrier`, `scan`, `any`, `fill` and `copy`; but the only role, of one warpgroup, has `barrier` and `copy`.

    What `dot_async` has begun is awaited in the block of ops where it began. While products are under way no tile is made that a later one takes from registers; no tile of a ring is released that one
    reads; and what was written to shared memory is published before one reads it. The verifier holds to all of it.

    ```mlir
    tile.roles threads [1, 256] registers [24, 240] {
    ^bb0(%one: i32):
      tile.fetch %ks[%b, %h, %row], %keys[%n] : !tile.view<1x8x4096x128xbf16>, !tile.ring<2, !tile.shared<128x128xbf16, panels>>
    }, {
    ^bb0(%group: i32):
      %k = tile.receive %keys[%n] : !tile.ring<2, !tile.shared<128x128xbf16, panels>>
      // ...
    }
    ```
  }];
  let arguments = (ins DenseI64ArrayAttr:$threads, DenseI64ArrayAttr:$registers);
  let regions = (region VariadicRegion<SizedRegion<1>>:$bodies);
  let assemblyFormat = "`threads` $threads `registers` $registers $bodies attr-dict";
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// Warpgroups of a role.
    static int64_t warpgroupsOf(int64_t threads) { return threads == 1 ? 1 : threads / 128; }
  }];
}

def MeetOp : Tile_AsyncOp<"meet"> {
  let summary = "waits until that many threads have come to a numbered barrier";
  let description = [{
    Those that `signal` are counted too. What they wrote to shared memory before is seen after it. Numbers are 1 to 15.

    ```mlir
    tile.meet %turn threads 256
    ```
  }];
  let arguments = (ins I32:$number, I64Attr:$threads);
  let assemblyFormat = "$number `threads` $threads attr-dict";
}

def SignalOp : Tile_AsyncOp<"signal"> {
  let summary = "comes to a numbered barrier without waiting";
  let description = [{
    ```mlir
    tile.signal %next threads 256
    ```
  }];
  let arguments = (ins I32:$number, I64Attr:$threads);
  let assemblyFormat = "$number `threads` $threads attr-dict";
}

//===-- Rings --------------------------------------------------------------------------------------------------------===//

def RingOp : Tile_AsyncOp<"ring", [MemoryEffects<[MemAlloc]>]> {
  let summary = "shared memory and barriers of a ring";
  let description = [{
    At the top of a kernel. `readers`: warpgroups that release each tile before it is filled again. `along`: number n is fetched after number n of that ring, and is received and released with it; there
    are no other barriers.

    ```mlir
    %q = tile.ring readers 2 : !tile.ring<2, !tile.shared<64x128xbf16, panels>>
    %lse = tile.ring readers 2 along %q : !tile.ring<2, !tile.shared<64xf32>>, !tile.ring<2, !tile.shared<64x128xbf16, panels>>
    ```
  }];
  let arguments = (ins I64Attr:$readers, Optional<Tile_RingType>:$along);
  let results = (outs Tile_RingType:$result);
  let assemblyFormat = "`readers` $readers (`along` $along^)? attr-dict `:` type($result) (`,` type($along)^)?";
}

def FetchOp : Tile_AsyncOp<"fetch"> {
  let summary = "fills the next tile of a ring from a view";
  let description = [{
    Waits until all readers have released what had the place before, and begins a tensor copy of the rows from the last coordinate on; beyond the view there are zeros. By a role of one
    thread. A tile of one dimension is filled from the view as one run of elements: its end may have elements of the next row.

    ```mlir
    tile.fetch %ks[%b, %h, %row], %keys[%n] : !tile.view<1x8x4096x128xbf16>, !tile.ring<2, !tile.shared<128x128xbf16, panels>>
    ```
  }];
  let arguments = (ins Tile_ViewType:$view, Variadic<I32>:$at, Tile_RingType:$ring, I32:$number);
  let assemblyFormat = "$view `[` $at `]` `,` $ring `[` $number `]` attr-dict `:` type($view) `,` type($ring)";
}

def ReceiveOp : Tile_AsyncOp<"receive", [MemoryEffects<[MemRead, MemWrite]>, TypesMatchWith<"tile of the ring", "ring", "result",
                                         "::llvm::cast<::lighthouse::tile::RingType>($_self).getTile()">]> {
  let summary = "waits until a tile of a ring is full";
  let description = [{
    ```mlir
    %k = tile.receive %keys[%n] : !tile.ring<2, !tile.shared<128x128xbf16, panels>>
    ```
  }];
  let arguments = (ins Tile_RingType:$ring, I32:$number);
  let results = (outs Tile_SharedType:$result);
  let assemblyFormat = "$ring `[` $number `]` attr-dict `:` type($ring)";
}

def ReleaseOp : Tile_AsyncOp<"release"> {
  let summary = "says that this warpgroup has read a tile of a ring";
  let description = [{
    ```mlir
    tile.release %keys[%n] : !tile.ring<2, !tile.shared<128x128xbf16, panels>>
    ```
  }];
  let arguments = (ins Tile_RingType:$ring, I32:$number);
  let assemblyFormat = "$ring `[` $number `]` attr-dict `:` type($ring)";
}

def PanelOp : Tile_AsyncOp<"panel", [Pure]> {
  let summary = "a panel of a shared tile";
  let description = [{
    ```mlir
    %half = tile.panel %left[%group] : !tile.shared<64x128xbf16, panels> to !tile.shared<64x64xbf16, panels>
    ```
  }];
  let arguments = (ins Tile_SharedType:$source, I32:$number);
  let results = (outs Tile_SharedType:$result);
  let assemblyFormat = "$source `[` $number `]` attr-dict `:` type($source) `to` type($result)";
}

//===-- Products -----------------------------------------------------------------------------------------------------===//

def DotAsyncOp : Tile_AsyncOp<"dot_async"> {
  let summary = "begins a matrix product of a warpgroup";
  let description = [{
    `a b`, or `a b + acc`: `a` is [M, K] or, `a_transposed`, [K, M], of shared memory or a register tile of layout `mma`; `b` is [K, N] or, `b_transposed`, [N, K], of shared memory. M = 64. Products run
    in the order in which they began, so `acc` may be the result of one that is under way.

    ```mlir
    %s = tile.dot_async %left, %right b_transposed : (!tile.shared<64x128xbf16, panels>, !tile.shared<128x128xbf16, panels>) -> !tile.pending<tensor<64x128xf32, #mma>>
    %o = tile.dot_async %a, %right, %sums : (tensor<64x128xbf16, #mma>, !tile.shared<128x128xbf16, panels>, tensor<64x128xf32, #mma>) -> !tile.pending<tensor<64x128xf32, #mma>>
    %scores = tile.await %s : !tile.pending<tensor<64x128xf32, #mma>> // while the second is under way
    %more = tile.await %o : !tile.pending<tensor<64x128xf32, #mma>>
    ```
  }];
  let arguments = (ins AnyType:$a, Tile_SharedType:$b, Optional<AnyType>:$acc, UnitAttr:$a_transposed, UnitAttr:$b_transposed);
  let results = (outs Tile_PendingType:$result);
  let assemblyFormat = "$a (`a_transposed` $a_transposed^)? `,` $b (`b_transposed` $b_transposed^)? (`,` $acc^)? attr-dict `:` functional-type(operands, results)";
}

def AwaitOp : Tile_AsyncOp<"await", [MemoryEffects<[MemRead, MemWrite]>, TypesMatchWith<"the tile that is pending", "pending", "result",
                                     "::llvm::cast<::lighthouse::tile::PendingType>($_self).getTile()">]> {
  let summary = "waits for a product and those begun before it";
  let description = [{
    ```mlir
    %s = tile.dot_async %a, %right : (tensor<64x128xbf16, #mma>, !tile.shared<128x128xbf16, panels>) -> !tile.pending<tensor<64x128xf32, #mma>>
    %scores = tile.await %s : !tile.pending<tensor<64x128xf32, #mma>>
    ```
  }];
  let arguments = (ins Tile_PendingType:$pending);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$pending attr-dict `:` type($pending)";
}

def PublishOp : Tile_AsyncOp<"publish"> {
  let summary = "lets products and tensor copies see what this thread wrote to shared memory";
  let description = [{
    Before the barrier behind which another thread begins them.

    ```mlir
    tile.publish
    ```
  }];
  let assemblyFormat = "attr-dict";
}

//===-- Tensor copies to global memory -------------------------------------------------------------------------------===//

def SendOp : Tile_AsyncOp<"send"> {
  let summary = "begins a tensor copy from shared memory to a view, or adds to it";
  let description = [{
    Rows from the last coordinate on, or from the last but one with the last the first column; what lies beyond the view is left out. By the first thread of the warpgroup, after a barrier. `add`: float32
    elements are added to those there, in any order with what other blocks add; the view is all zeros when the kernel begins.

    ```mlir
    tile.send %left, %out[%b, %h, %row] : !tile.shared<64x128xbf16, panels>, !tile.view<1x8x4096x128xbf16>
    ```
  }];
  let arguments = (ins Tile_SharedType:$source, Tile_ViewType:$view, Variadic<I32>:$at, UnitAttr:$add);
  let assemblyFormat = "(`add` $add^)? $source `,` $view `[` $at `]` attr-dict `:` type($source) `,` type($view)";
}

def DrainOp : Tile_AsyncOp<"drain"> {
  let summary = "waits until what this role sent has been read from shared memory";
  let description = [{
    The first thread waits; others need a barrier.

    ```mlir
    tile.drain
    ```
  }];
  let assemblyFormat = "attr-dict";
}

#endif // LIGHTHOUSE_TILE_ASYNC_OPS_TD
