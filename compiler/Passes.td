// SPDX-License-Identifier: Apache-2.0
//
// The passes of Lighthouse, in the order a pipeline runs them.
#ifndef LIGHTHOUSE_PASSES_TD
#define LIGHTHOUSE_PASSES_TD

include "mlir/Pass/PassBase.td"

def Differentiate : Pass<"lighthouse-differentiate", "::mlir::ModuleOp"> {
  let summary = "derives the function @backward from @forward";
  let description = [{
    Walks `@forward` from its end, asks each `Differentiable` op on a gradient's way for its adjoint, and moves what they built to a new
    function `@backward`. Results marked `lighthouse.differentiable` receive a gradient; every argument that a gradient reaches gets one.
    What the adjoints use of the forward function becomes further results of it ("saved") and arguments of `@backward`, unless it is an argument or a result already.

    Leaves the forward computation as it is, and a module that has `@backward` or no `@forward` alone. A value that two ops differentiate
    through is refused: no stage needs it so far.

    ```mlir
    func.func @forward(%os: tensor<1x8x2560x64xf32> {lighthouse.name = "os"}, %sel: tensor<1x8x2560xi32, #pyramid> {lighthouse.name = "indices"})
        -> (tensor<1x8x8192x64xf32> {lighthouse.name = "out", lighthouse.differentiable})
    // gives
    func.func @backward(%dout: tensor<1x8x8192x64xf32> {lighthouse.name = "dout"}, %sel: tensor<1x8x2560xi32, #pyramid> {lighthouse.name = "indices"})
        -> (tensor<1x8x2560x64xf32> {lighthouse.name = "dos"})
    ```
  }];
  let dependentDialects = ["::lighthouse::LighthouseDialect", "::mlir::func::FuncDialect"];
}

def ExpandScores : Pass<"lighthouse-expand-scores", "::mlir::func::FuncOp"> {
  let summary = "exponentials and logarithms of scorers as polynomials";
  let description = [{
    In the regions of `score_by`, `math.exp` and `math.log` of float32 become arithmetic that every target has, by MLIR's polynomial approximations: a target's own instructions would differ from another's, and
    with them the windows that are selected.

    Leaves everything outside of `score_by` alone.

    ```mlir
    %0 = math.log %q : vector<64xf32>
    // becomes
    %1 = arith.bitcast %q : vector<64xf32> to vector<64xi32>
    %2 = arith.shrui %1, %mantissa_bits : vector<64xi32>
    // ... a polynomial of the mantissa, and the exponent times log(2)
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def InvertSelections : Pass<"lighthouse-invert-selections", "::mlir::func::FuncOp"> {
  let summary = "turns scatters into lookups";
  let description = [{
    `scatter` and `gather_backward` send rows to places that several rows may share. This pass inverts their selection (`invert`) and marks them `inverse`: each
    row of the result then looks up its at most `num_levels` sources, so that no atomics are needed and the result does not depend on an order.

    Leaves `gather` and `scatter_backward` alone, which look up already.

    ```mlir
    %out = lighthouse.scatter %os[%sel] : tensor<1x8x2560x64xf32>, tensor<1x8x2560xi32, #pyramid>
    // becomes
    %slots = lighthouse.invert %sel : tensor<1x8x2560xi32, #pyramid>
    %out = lighthouse.scatter %os[inverse %slots] : tensor<1x8x2560x64xf32>, tensor<1x8x10752xi32, #pyramid>
    ```
  }];
  let dependentDialects = ["::lighthouse::LighthouseDialect"];
}

def ShareInverses : Pass<"lighthouse-share-inverses", "::mlir::ModuleOp"> {
  let summary = "keeps the inverse of a selection for the backward function";
  let description = [{
    Where `@forward` and `@backward` invert the same selection (an argument of `@backward` that `@forward` returns under that name), the inverse becomes a further result of `@forward`, "slots", and an
    argument of `@backward`: one launch less, for 4 bytes an entry.

    Leaves a module alone in which only one of both inverts.

    ```mlir
    func.func @backward(%sel: tensor<1x8x2560xi32, #pyramid> {lighthouse.name = "indices"}, /* ... */) {
      %slots = lighthouse.invert %sel : tensor<1x8x2560xi32, #pyramid>
    // becomes
    func.func @backward(%sel: tensor<1x8x2560xi32, #pyramid> {lighthouse.name = "indices"}, /* ... */ %slots: tensor<1x8x10752xi32, #pyramid> {lighthouse.name = "slots"}) {
    ```
  }];
  let dependentDialects = ["::lighthouse::LighthouseDialect", "::mlir::func::FuncDialect"];
}

def SplitAttention : Pass<"lighthouse-split-attention", "::mlir::func::FuncOp"> {
  let summary = "cuts attention's backward into enough work items";
  let description = [{
    A work item of `attend_backward` has all queries of a key head, for every key adds to the gradients of many queries. Where batch times key heads are fewer than `items`, this pass cuts the keys
    into `parts` runs with a `dqs` each, and adds these up in a stage of its own (`sum_parts`). How many depends on the shapes only, so that results do not depend on the machine. Runs of fewer
    than 1,024 keys are not worth it.

    Leaves everything else alone.

    ```mlir
    %dqs, %dks, %dvs = lighthouse.attend_backward %qs, %ks, %vs, %os, %lse, %dos {scale = 1.250000e-01 : f32}
        : tensor<1x8x2560x64xf32>, tensor<1x8x2560x64xf32>, tensor<1x8x2560x64xf32>
    // becomes
    %split, %dks, %dvs = lighthouse.attend_backward %qs, %ks, %vs, %os, %lse, %dos {parts = 2 : i64, scale = 1.250000e-01 : f32}
        : tensor<1x8x2560x64xf32>, tensor<1x8x2560x64xf32>, tensor<1x8x2560x64xf32>
    %dqs = lighthouse.sum_parts %split {parts = 2} : tensor<1x8x5120x64xf32>
    ```
  }];
  let options = [Option<"items", "items", "int64_t", "8", "work items to aim for">];
  let dependentDialects = ["::lighthouse::LighthouseDialect"];
}

def SplitGla : Pass<"lighthouse-split-gla", "::mlir::func::FuncOp"> {
  let summary = "gives each work item of gated linear attention a part of the values' columns";
  let description = [{
    A state of `gla_squares` is a matrix that a residue class goes through in order; its columns do not depend on each other. This pass sets `parts` so that a work item has columns
    that a GPU's thread block has registers and shared memory for, and enough items there are: 64 of 16-bit elements in heads up to 64, `narrow` up to 128; 16 of f32 and in wider heads.

    Leaves a `gla_squares` of several parts alone.

    ```mlir
    %oq, %ok = lighthouse.gla_squares %q, %k, %v, %g {dilation = 4, scale = 1.000000e-01} : !q, !q, !q, !g
    // of 128 columns of bf16 becomes
    %oq, %ok = lighthouse.gla_squares %q, %k, %v, %g {dilation = 4, scale = 1.000000e-01, parts = 2} : !q, !q, !q, !g
    ```
  }];
  let options = [Option<"narrow", "narrow", "int64_t", "64", "columns of a part of 16-bit elements in heads above 64 up to 128">];
  let dependentDialects = ["::lighthouse::LighthouseDialect"];
}

def SeparateGradients : Pass<"lighthouse-separate-gradients", "::mlir::func::FuncOp"> {
  let summary = "attention's backward as one stage for keys and values and one for queries";
  let description = [{
    Where thousands of work items are wanted and none may wait for another, `attend_backward` becomes `row_dot`, `attend_backward_keys` and `attend_backward_queries`: seven matrix products instead of five,
    but each gradient is summed by one work item, in one order.

    Heads of at most `joined` 16-bit elements become `row_dot` and `attend_backward_joined` instead, for GPUs that have a fast form of it; gradients of keys and values that the function
    gives as they are then have the elements of the keys.

    Leaves an `attend_backward` of several parts alone.

    ```mlir
    %dqs, %dks, %dvs = lighthouse.attend_backward %qs, %ks, %vs, %os, %lse, %dos {scale = 1.250000e-01 : f32} : !rows, !rows, !rows
    // becomes
    %delta = lighthouse.row_dot %os, %dos : !rows, !rows
    %dks, %dvs = lighthouse.attend_backward_keys %qs, %ks, %vs, %lse, %delta, %dos {scale = 1.250000e-01 : f32} : !rows, !rows, !rows, !scores, !scores, !rows
    %dqs = lighthouse.attend_backward_queries %qs, %ks, %vs, %lse, %delta, %dos {scale = 1.250000e-01 : f32} : !rows, !rows, !rows, !scores, !scores, !rows
    ```
  }];
  let options = [Option<"joined", "joined", "int64_t", "0", "the largest head size whose gradients one stage gives; 0: none">];
  let dependentDialects = ["::lighthouse::LighthouseDialect"];
}

def FuseStages : Pass<"lighthouse-fuse-stages", "::mlir::func::FuncOp"> {
  let summary = "groups stages into kernels, one launch each";
  let description = [{
    Every stage goes into a `lighthouse.kernel`: that of a producer it says it joins (`Fusible`), else one of its own. So pool and score share a pass over q, k and v; select orders and
    inverts in one; the un-pooling of gradients never writes a pyramid. A pyramid that crosses kernels is written as its levels 1 and up (`coarse`) and read as a view of these
    and the tokens (`stack`): level 0 is never copied.

    Leaves the stages themselves as they are, and functions that hold kernels already alone. Refuses ops that are no stages, and functions that give a whole pyramid.

    ```mlir
    %pq, %pk, %pv = lighthouse.pool %q, %k, %v {num_levels = 3, pooling_factor = 4} : !q, !q, !q
    %qs, %ks, %vs = lighthouse.gather %pq, %pk, %pv[%sel] : !pyramid, !pyramid, !pyramid, !selection
    // becomes
    %cq, %ck, %cv = lighthouse.kernel "pool" reads(%a = %q, %b = %k, %c = %v) : (!q, !q, !q) -> (!coarse, !coarse, !coarse) {
      %pq, %pk, %pv = lighthouse.pool %a, %b, %c {num_levels = 3, pooling_factor = 4} : !q, !q, !q
      // ... lighthouse.coarse of each, yielded
    }
    %qs, %ks, %vs = lighthouse.kernel "gather" reads(%a = %q, %b = %cq, /* ... */ %g = %sel) : (!q, !coarse, /* ... */ !selection) -> (!rows, !rows, !rows) {
      %pq = lighthouse.stack %a, %b : !q, !coarse
      // ... lighthouse.gather, yielded
    }
    ```
  }];
  let dependentDialects = ["::lighthouse::LighthouseDialect"];
}

def SplitGradients : Pass<"lighthouse-split-gradients", "::mlir::func::FuncOp"> {
  let summary = "writes the gradients of q, k and v one after another";
  let description = [{
    Makes of a kernel of `gather_backward` and `pool_backward` one for each gradient that it writes, which reads the rows of that gradient only; `ub.poison` stands for the others. The rows of a gradient
    that is done with can then lie in the memory of one that is still to come, and none is read twice: the three share nothing but the selection.

    With `keys-with-values` dk and dv share a kernel, and each kernel stands as early as what it reads allows: the rows' gradients of keys and values are done with before those of queries are made.

    Leaves other kernels alone.

    ```mlir
    %dq, %dk, %dv = lighthouse.kernel "gather_backward_pool_backward" reads(%a = %dqs, %b = %dks, %c = %dvs, %s = %slots) : /* ... */
    // becomes
    %dq = lighthouse.kernel "gather_backward_pool_backward_q" reads(%a = %dqs, %s = %slots) : /* ... */
    %dk = lighthouse.kernel "gather_backward_pool_backward_k" reads(%a = %dks, %s = %slots) : /* ... */
    %dv = lighthouse.kernel "gather_backward_pool_backward_v" reads(%a = %dvs, %s = %slots) : /* ... */
    ```
  }];
  let options = [Option<"keysWithValues", "keys-with-values", "bool", "false", "dk and dv in one kernel">];
  let dependentDialects = ["::lighthouse::LighthouseDialect", "::mlir::ub::UBDialect"];
}

def LowerKernelsToHost : Pass<"lighthouse-lower-kernels-to-host", "::mlir::ModuleOp"> {
  let summary = "kernels to loops and vectors for the host CPU";
  let description = [{
    Each `lighthouse.kernel` of `@f` becomes a function `@f_name(buffers..., %item: index)` over memrefs: what it reads, then what it writes, then the number of the
    work item. `lighthouse.items` on it says how many items there are; they are independent. Arguments and results of `@f` marked `lighthouse.strided` have dynamic strides, all other
    buffers are row-major. The functions that held the kernels are erased.

    `lanes` is the vector width in float32 elements, `registers` the number of vector registers: they shape the attention's register tiles. With `tiles`, attention's
    forward pass on bfloat16 rows multiplies in AMX's tile registers.

    ```mlir
    func.func @forward(%q: !q {lighthouse.strided}, %sel: !selection) -> !rows {
      %qs = lighthouse.kernel "gather" reads(%a = %q, %b = %sel) : (!q, !selection) -> !rows { /* ... */ }
      return %qs : !rows
    }
    // becomes
    func.func @forward_gather(%q: memref<1x8x8192x64xf32, strided<[?, ?, ?, 1]>>, %sel: memref<1x8x2560xi32>, %qs: memref<1x8x2560x64xf32>, %item: index)
        attributes {lighthouse.items = 160 : i64}
    ```
  }];
  let options = [
    Option<"lanes", "lanes", "int64_t", "16", "vector width in float32 elements: 4, 8 or 16">,
    Option<"registers", "registers", "int64_t", "32", "number of vector registers: 16 or 32">,
    Option<"tiles", "tiles", "bool", "false", "whether the CPU multiplies tiles of bfloat16 (AMX)">];
  let dependentDialects = ["::lighthouse::LighthouseDialect", "::mlir::amx::AMXDialect", "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def PackKernelArguments : Pass<"lighthouse-pack-kernel-arguments", "::mlir::ModuleOp"> {
  let summary = "gives host kernels their calling convention";
  let description = [{
    Renames each function with `lighthouse.items` to `name.body` and adds `name(descriptors: !llvm.ptr, item: i64)`, which the launcher calls: `descriptors[i]` points to the memref
    descriptor of the i-th buffer. Runs on the LLVM dialect, after every other lowering. Functions without that attribute become internal and stay as they are.

    ```mlir
    llvm.func @forward_attend(%qs: !llvm.ptr, %qs_aligned: !llvm.ptr, %qs_offset: i64, /* ... */ %item: i64) attributes {lighthouse.items = 20 : i64}
    // becomes
    llvm.func @forward_attend(%descriptors: !llvm.ptr, %item: i64)
    llvm.func internal @forward_attend.body(%qs: !llvm.ptr, %qs_aligned: !llvm.ptr, %qs_offset: i64, /* ... */ %item: i64)
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def LowerKernelsToTile : Pass<"lighthouse-lower-kernels-to-tile", "::mlir::ModuleOp"> {
  let summary = "schedules kernels for thread blocks";
  let description = [{
    Makes a `tile.kernel` of each `lighthouse.kernel`, by the schedule of its first stage that is no view, and deletes the functions that held them. An attribute dictionary `schedule` on a kernel sets
    the schedule's parameters (block sizes, warps); what it does not name has the schedule's default for the head size and element type.

    `arch` names the architecture: attention of 16-bit elements has a schedule of its own for sm_90a.

    With `parameters`, `lighthouse.parameters` on a program holds the parameters in force and `lighthouse.candidates` the values that are worth trying for each: the space that the tuner searches.

    Refuses stages without a schedule, and parameters that a schedule does not know.

    ```mlir
    %out = lighthouse.kernel "scatter" reads(%a = %os, %b = %slots) : (!rows, !slots) -> (!tokens) { /* scatter */ }
    // becomes
    tile.kernel @forward_scatter(%os: !tile.view<1x8x2560x64xf32>, %slots: !tile.view<1x8x10752xi32>, %out: !tile.view<1x8x8192x64xf32, strided>) blocks 512 threads 256 { /* ... */ }
    ```
  }];
  let options = [
    Option<"arch", "arch", "std::string", "\"sm_80\"", "the GPU architecture, as sm_90a">,
    Option<"parameters", "parameters", "bool", "false", "tell the parameters of each schedule">,
  ];
  let dependentDialects = ["::lighthouse::tile::TileDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::scf::SCFDialect"];
}

def LowerTileToLLVM : Pass<"lighthouse-lower-tile-to-llvm", "::mlir::ModuleOp"> {
  let summary = "from what a thread block does to what a thread does";
  let description = [{
    Each `tile.kernel` becomes a function of the LLVM dialect with the kernel's calling convention, in which a tile is the registers that one thread holds of it. Arithmetic and loops stay ops of `arith`,
    `math` and `scf`, now on scalars. Shared tiles are placed one after another in the block's dynamic shared memory.

    Leaves everything else alone.

    ```mlir
    %sum = arith.addf %x, %y : tensor<16x128xf32, #tile.rows<threads = 256, lanes = 16, elements = 8>>
    // becomes, in each thread, eight of
    %sum = arith.addf %x, %y : f32
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
}

#endif // LIGHTHOUSE_PASSES_TD
