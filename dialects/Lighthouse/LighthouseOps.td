// SPDX-License-Identifier: Apache-2.0
//
// The stages of Lighthouse Attention, their adjoints, and the kernel that fusion makes of them.
//
// Shapes: B batch, H query heads, G key heads (G divides H), N tokens, N' padded tokens, M entries of the pyramid, W entries of its
// levels 1 and up, S rows of the sub-sequence, D head size. T is the element type of q, k and v.
#ifndef LIGHTHOUSE_OPS_TD
#define LIGHTHOUSE_OPS_TD

include "dialects/Lighthouse/LighthouseDialect.td"
include "dialects/Lighthouse/LighthouseInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def RowTensor : TensorRankOf<[F32, BF16, F16], [4]>;   // [batch, heads, rows, head_dim]
def ScoreTensor : TensorRankOf<[F32], [3]>;            // [batch, heads, entries or rows]
def SquaresTensor : TensorRankOf<[F32], [4]>;          // [batch, heads, parts, rows]
def EntryTensor : TensorRankOf<[I32], [3]>;

// Every stage infers its result types; what it expects of its operands is checked there.
class Stage<string mnemonic, list<Trait> traits = []>
    : Op<Lighthouse_Dialect, mnemonic, [Pure, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>,
                                      InferTypeOpAdaptor] # traits>;

defvar Adjoint = DeclareOpInterfaceMethods<Lighthouse_Differentiable>;
defvar Fuses = DeclareOpInterfaceMethods<Lighthouse_Fusible>;
defvar Joins = DeclareOpInterfaceMethods<Lighthouse_Fusible, ["joinsKernelOf"]>;

//===-- Forward -------------------------------------------------------------------------------------------------------===//

def PoolOp : Stage<"pool", [Adjoint, Fuses]> {
  let summary = "mean-pools queries, keys and values into pyramids";
  let description = [{
    Entry `(l, w)` is the mean over tokens `w*c .. w*c + c - 1`, `c = p^l`, with zero rows from N on; level 0 is the tokens themselves. Sums are float32, the
    result is rounded to T. Results: `[B, H, M, D]`, `[B, G, M, D]` twice. `padded_len` is N', N rounded up to a multiple of `p^(L-1)` when absent.

    ```mlir
    %pq, %pk, %pv = lighthouse.pool %q, %k, %v {num_levels = 3, pooling_factor = 4}
        : tensor<1x8x8192x64xf32>, tensor<1x2x8192x64xf32>, tensor<1x2x8192x64xf32>
    ```
  }];
  let arguments = (ins RowTensor:$q, RowTensor:$k, RowTensor:$v, I64Attr:$num_levels, I64Attr:$pooling_factor,
                       OptionalAttr<I64Attr>:$padded_len);
  let results = (outs RowTensor:$pq, RowTensor:$pk, RowTensor:$pv);
  let assemblyFormat = [{
    $q `,` $k `,` $v ` ` `{` `num_levels` `=` $num_levels `,` `pooling_factor` `=` $pooling_factor (`,` `padded_len` `=` $padded_len^)? `}`
    attr-dict `:` type($q) `,` type($k) `,` type($v)
  }];
}

def ScoreOp : Stage<"score", [Joins]> {
  let summary = "scores every window of levels 1 and up";
  let description = [{
    Scores are per token, then the largest over a window's real tokens, 0 where it has none. `norm`: the L2 norms of the token's query and of its key,
    rounded to float32 once. Results: `[B, H, W]` and `[B, G, W]` of f32. No gradient.

    ```mlir
    %sq, %sk = lighthouse.score norm %pq, %pk : tensor<1x8x10752x64xf32, #pyramid>, tensor<1x2x10752x64xf32, #pyramid>
    ```
  }];
  let arguments = (ins Lighthouse_ScorerAttr:$scorer, RowTensor:$pq, RowTensor:$pk);
  let results = (outs ScoreTensor:$sq, ScoreTensor:$sk);
  let assemblyFormat = "$scorer $pq `,` $pk attr-dict `:` type($pq) `,` type($pk)";
}

def GlaSquaresOp : Stage<"gla_squares", [Fuses]> {
  let summary = "squared norms of gated linear attention's rows, both ways";
  let description = [{
    Scores tokens by simple gated linear attention with a log gate `g` a token and query head, in each residue class of tokens `t mod dilation` by itself: with `t'` the
    class' token before `t` and a state of zeros before its first,

        S_t = exp(g_t) S_t' + k_t v_t^T        o_t = scale * q_t S_t

    `oq` has the squared L2 norms of the rows `o_t`, `ok` those with q and k swapped. States and sums are float32. A gate below -104 forgets all; gates above 0 let a state grow, and results are
    right as long as no decay within 64 tokens of a class and no square overflows float32. Query head `h` reads key head `h / (H/G)`. Results: twice `[B, H, parts, N]` of f32; part `i` is
    the sum over the i-th of `parts` equal runs of columns of v (the last may be shorter), so that several work items may share a row. No gradient.

    ```mlir
    %oq, %ok = lighthouse.gla_squares %q, %k, %v, %g {dilation = 4, scale = 1.250000e-01}
        : tensor<1x8x8192x64xf32>, tensor<1x2x8192x64xf32>, tensor<1x2x8192x64xf32>, tensor<1x8x8192xf32>
    ```
  }];
  let arguments = (ins RowTensor:$q, RowTensor:$k, RowTensor:$v, ScoreTensor:$g, I64Attr:$dilation, F32Attr:$scale,
                       OptionalAttr<I64Attr>:$parts);
  let results = (outs SquaresTensor:$oq, SquaresTensor:$ok);
  let assemblyFormat = [{
    $q `,` $k `,` $v `,` $g ` ` `{` `dilation` `=` $dilation `,` `scale` `=` $scale (`,` `parts` `=` $parts^)? `}` attr-dict
    `:` type($q) `,` type($k) `,` type($v) `,` type($g)
  }];
  let extraClassDeclaration = [{
    int64_t getNumParts() { return getParts().value_or(1); }
    /// Columns of v that a part has; the last may have fewer.
    int64_t getPartColumns();
  }];
}

def PartNormsOp : Stage<"part_norms", [Fuses, AllTypesMatch<["oq", "ok"]>]> {
  let summary = "norms of tokens from the squares of their parts";
  let description = [{
    The root of the sum over the parts, in their order. Results: twice `[B, H, N]` of f32. No gradient.

    ```mlir
    %tq, %tk = lighthouse.part_norms %oq, %ok : tensor<1x8x2x8192xf32>
    ```
  }];
  let arguments = (ins SquaresTensor:$oq, SquaresTensor:$ok);
  let results = (outs ScoreTensor:$tq, ScoreTensor:$tk);
  let assemblyFormat = "$oq `,` $ok attr-dict `:` type($oq)";
}

def ScoreByOp : Stage<"score_by", [IsolatedFromAbove, SingleBlock,
                                   DeclareOpInterfaceMethods<Lighthouse_Fusible, ["joinsKernelOf", "getStageName"]>]> {
  let summary = "scores every window of levels 1 and up by a function of a token's query and key";
  let description = [{
    As `score`, with a region for the scores of one token: from its query and its key, vectors of D elements in float32 whatever T is, to the token's score as a query and as a
    key. A score of a window may be negative: it is the largest of its real tokens' scores, 0 only where it has none. The region has `arith` and `math` ops on elements, `vector.broadcast`
    of a number and `vector.reduction` over all D elements. With fewer key heads than query heads the score as a key reads the key only. Results: `[B, H, W]` and
    `[B, G, W]` of f32. No gradient.

    ```mlir
    %sq, %sk = lighthouse.score_by %pq, %pk : tensor<1x8x10752x64xf32, #pyramid>, tensor<1x2x10752x64xf32, #pyramid> {
    ^bb0(%q: vector<64xf32>, %k: vector<64xf32>):
      %sum = vector.reduction <add>, %q : vector<64xf32> into f32
      %sizes = math.absf %k : vector<64xf32>
      %largest = vector.reduction <maximumf>, %sizes : vector<64xf32> into f32
      lighthouse.scores %sum, %largest
    }
    ```
  }];
  let arguments = (ins RowTensor:$pq, RowTensor:$pk);
  let results = (outs ScoreTensor:$sq, ScoreTensor:$sk);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$pq `,` $pk attr-dict `:` type($pq) `,` type($pk) $body";
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// Which of a token's scores, and which argument of the region.
    enum Side : unsigned { Query, Key };
    /// The ops of the region that a score follows from, in order.
    ::llvm::SmallVector<::mlir::Operation *> opsOf(Side score);
    /// Whether a score depends on that argument of the region.
    bool reads(Side score, Side argument);
    ScoresOp getScores();
  }];
}

def ScoresOp : Op<Lighthouse_Dialect, "scores", [Pure, Terminator, HasParent<"ScoreByOp">]> {
  let summary = "the scores of a token";
  let description = [{
    Ends the region of `score_by`.

    ```mlir
    lighthouse.scores %query, %key
    ```
  }];
  let arguments = (ins F32:$query, F32:$key);
  let assemblyFormat = "$query `,` $key attr-dict";
}

def SelectOp : Stage<"select", [Fuses]> {
  let summary = "selects the entries of the sub-sequence, in order";
  let description = [{
    For each query head and each of `topk / 128` tiles, from the coarsest level down: of the candidates keep the 64 with the largest `sq`, then, of the
    others, the 64 with the largest `sk` (equal scores: the lower window); the `p` children of what is kept are the next level's candidates. All candidates of all
    levels join the sub-sequence, the children of a window before the window. NaN is larger than all numbers. Scores are 0 or above, or with `signed` any; 0 and -0 are
    equal. Result: `[B, H, S]` of i32, entry numbers. No gradient.

    ```mlir
    %sel = lighthouse.select %sq, %sk {topk = 256} : tensor<1x8x2560xf32, #pyramid>, tensor<1x2x2560xf32, #pyramid>
    %any = lighthouse.select signed %sq, %sk {topk = 256} : tensor<1x8x2560xf32, #pyramid>, tensor<1x2x2560xf32, #pyramid>
    ```
  }];
  let arguments = (ins ScoreTensor:$sq, ScoreTensor:$sk, I64Attr:$topk, UnitAttr:$is_signed);
  let results = (outs EntryTensor:$indices);
  let assemblyFormat = "(`signed` $is_signed^)? $sq `,` $sk ` ` `{` `topk` `=` $topk `}` attr-dict `:` type($sq) `,` type($sk)";
}

def GatherOp : Stage<"gather", [Adjoint, Fuses]> {
  let summary = "takes the selected rows of the pyramids";
  let description = [{
    Row `s` of each result is entry `indices[s]`; query head `h` reads key head `h / (H/G)`. Results: three times `[B, H, S, D]` of T.

    ```mlir
    %qs, %ks, %vs = lighthouse.gather %pq, %pk, %pv[%sel]
        : tensor<1x8x10752x64xf32, #pyramid>, tensor<1x2x10752x64xf32, #pyramid>, tensor<1x2x10752x64xf32, #pyramid>, tensor<1x8x2560xi32, #pyramid>
    ```
  }];
  let arguments = (ins RowTensor:$pq, RowTensor:$pk, RowTensor:$pv, EntryTensor:$indices);
  let results = (outs RowTensor:$qs, RowTensor:$ks, RowTensor:$vs);
  let assemblyFormat = "$pq `,` $pk `,` $pv `[` $indices `]` attr-dict `:` type($pq) `,` type($pk) `,` type($pv) `,` type($indices)";
}

def AttendOp : Stage<"attend", [Adjoint, Fuses]> {
  let summary = "causal softmax attention over rows";
  let description = [{
    `os[i] = sum_j softmax_j(scale * qs[i] . ks[j]) vs[j]` over `j <= i`; `lse[i]` is the natural log of the softmax's denominator. H is the largest number of heads
    of the three, and each number divides it: head `h` reads head `h / (H/G)` of a tensor with G. Results: `[B, H, S, D]` of T and `[B, H, S]` of f32. An adjoint needs H
    query heads, and as many key heads as value heads.

    ```mlir
    %os, %lse = lighthouse.attend %qs, %ks, %vs {scale = 1.250000e-01 : f32}
        : tensor<1x8x2560x64xf32>, tensor<1x8x2560x64xf32>, tensor<1x8x2560x64xf32>
    ```
  }];
  let arguments = (ins RowTensor:$qs, RowTensor:$ks, RowTensor:$vs, F32Attr:$scale);
  let results = (outs RowTensor:$os, ScoreTensor:$lse);
  let assemblyFormat = "$qs `,` $ks `,` $vs attr-dict `:` type($qs) `,` type($ks) `,` type($vs)";
  let hasCanonicalizer = 1;
}

def ScatterOp : Stage<"scatter", [Adjoint, Fuses]> {
  let summary = "adds each row to the positions that may hear its entry";
  let description = [{
    The row of entry `(l, w)` is added to positions `w*c + c - 1 .. w*c + 2c - 2` below N, `c = p^l`; a position that no entry reaches is zero. Sums are float32.
    Result: `[B, H, N, D]` of T. With `inverse` the operand is what `invert` makes of the selection, and each position looks its at most L rows up: no atomics, one result.

    ```mlir
    %out = lighthouse.scatter %os[%sel] : tensor<1x8x2560x64xf32>, tensor<1x8x2560xi32, #pyramid>
    %same = lighthouse.scatter %os[inverse %slots] : tensor<1x8x2560x64xf32>, tensor<1x8x10752xi32, #pyramid>
    ```
  }];
  let arguments = (ins RowTensor:$os, EntryTensor:$indices, UnitAttr:$inverse);
  let results = (outs RowTensor:$out);
  let assemblyFormat = "$os `[` (`inverse` $inverse^ ` `)? `` $indices `]` attr-dict `:` type($os) `,` type($indices)";
  let hasCanonicalizer = 1;
}

//===-- Scores of tokens that are no norms of their rows --------------------------------------------------------------===//

def DilateOp : Stage<"dilate", [Fuses]> {
  let summary = "splits queries, keys and values into residue classes";
  let description = [{
    Row `j` of batch entry `b * r + c` of a result is token `j * r + c` of batch entry `b`, r being the dilation: class `c` of the tokens, as a batch entry of its own. There are
    `N / r` rows, rounded up; those of tokens from N on are zero, the last one of its class at most, which a causal order keeps from all real ones. Results: `[B * r, H, N/r, D]`,
    `[B * r, G, N/r, D]` twice. No gradient.

    ```mlir
    %qd, %kd, %vd = lighthouse.dilate %q, %k, %v {dilation = 4}
        : tensor<1x8x8190x64xf32>, tensor<1x2x8190x64xf32>, tensor<1x2x8190x64xf32>
    ```
  }];
  let arguments = (ins RowTensor:$q, RowTensor:$k, RowTensor:$v, I64Attr:$dilation);
  let results = (outs RowTensor:$qd, RowTensor:$kd, RowTensor:$vd);
  let assemblyFormat = "$q `,` $k `,` $v ` ` `{` `dilation` `=` $dilation `}` attr-dict `:` type($q) `,` type($k) `,` type($v)";
}

def TokenNormOp : Stage<"token_norm", [Joins]> {
  let summary = "norm of each token's row, from its residue class";
  let description = [{
    The L2 norm of each row, in float32 and of rows that were not rounded to T before, put back to the place of its token: the inverse of `dilate`. It joins the kernel that makes the rows.
    Result: `[B, H, N]` of f32. No gradient.

    ```mlir
    %norms = lighthouse.token_norm %os {dilation = 4, seq_len = 8190} : tensor<4x8x2048x64xf32>
    ```
  }];
  let arguments = (ins RowTensor:$rows, I64Attr:$dilation, I64Attr:$seq_len);
  let results = (outs ScoreTensor:$norms);
  let assemblyFormat = "$rows ` ` `{` `dilation` `=` $dilation `,` `seq_len` `=` $seq_len `}` attr-dict `:` type($rows)";
}

def MaxPoolOp : Stage<"max_pool", [Fuses]> {
  let summary = "scores of windows from those of tokens";
  let description = [{
    For every window of levels 1 and up the largest score of its real tokens, 0 where it has none. Token scores are 0 or above. Results: `[B, H, W]` and `[B, G, W]` of f32.
    Where a launch gives the number of tokens, `tokens` is a tensor that has so many rows; its elements are not read. No gradient.

    ```mlir
    %sq, %sk = lighthouse.max_pool %tq, %tk {pyramid = #pyramid} : tensor<1x8x8190xf32>, tensor<1x8x8190xf32>
    %sq, %sk = lighthouse.max_pool %tq, %tk of %q {pyramid = #pyramid} : tensor<1x8x8190xf32>, tensor<1x8x8190xf32>, tensor<1x8x8190x64xf32>
    ```
  }];
  let arguments = (ins ScoreTensor:$tq, ScoreTensor:$tk, Optional<RowTensor>:$tokens, Lighthouse_PyramidAttr:$pyramid);
  let results = (outs ScoreTensor:$sq, ScoreTensor:$sk);
  let assemblyFormat = [{
    $tq `,` $tk (`of` $tokens^)? ` ` `{` `pyramid` `=` $pyramid `}` attr-dict
    `:` type($tq) `,` type($tk) (`,` type($tokens)^)?
  }];
}

//===-- Adjoints ------------------------------------------------------------------------------------------------------===//

def ScatterBackwardOp : Stage<"scatter_backward", [Fuses]> {
  let summary = "adjoint of scatter: each row sums a run of gradients";
  let description = [{
    The row of entry `(l, w)` is the sum of `dout` over the positions `scatter` adds that entry to. Sums are float32. Result: `[B, H, S, D]` of T.

    ```mlir
    %dos = lighthouse.scatter_backward %dout[%sel] : tensor<1x8x8192x64xf32>, tensor<1x8x2560xi32, #pyramid>
    ```
  }];
  let arguments = (ins RowTensor:$dout, EntryTensor:$indices);
  let results = (outs RowTensor:$dos);
  let assemblyFormat = "$dout `[` $indices `]` attr-dict `:` type($dout) `,` type($indices)";
}

def AttendBackwardOp : Stage<"attend_backward", [Fuses]> {
  let summary = "adjoint of attend";
  let description = [{
    With `P = exp(scale * q k^T - lse)`: `dv = P^T do`, `dS = P (do v^T - rowsum(do * o))`, `dq = scale * dS k`, `dk = scale * dS^T q` (Dao et al., FlashAttention,
    algorithm 4). With fewer key heads `dk` and `dv` sum over the group. Results have the shapes of `qs`, `ks`, `vs`; their elements are f32.

    With `parts = n` the keys are cut into n runs that may be worked on at once, and `dqs` has `n * S` rows: rows `i*S .. (i+1)*S - 1` are what run `i` adds to
    `dq`, written from the run's first key on (`partBegin`), left unwritten before it. `sum_parts` adds them up.

    ```mlir
    %dqs, %dks, %dvs = lighthouse.attend_backward %qs, %ks, %vs, %os, %lse, %dos {scale = 1.250000e-01 : f32}
        : tensor<1x8x2560x64xf32>, tensor<1x8x2560x64xf32>, tensor<1x8x2560x64xf32>
    ```
  }];
  let arguments = (ins RowTensor:$qs, RowTensor:$ks, RowTensor:$vs, RowTensor:$os, ScoreTensor:$lse, RowTensor:$dos, F32Attr:$scale,
                       DefaultValuedAttr<I64Attr, "1">:$parts);
  let results = (outs RowTensor:$dqs, RowTensor:$dks, RowTensor:$dvs);
  let hasCustomAssemblyFormat = 1;
}

def RowDotOp : Stage<"row_dot", [Joins]> {
  let summary = "scalar product of each row with its gradient";
  let description = [{
    `result[i] = sum_d a[i, d] b[i, d]` in float32: with `os` and `dos` what attention's backward subtracts from `dP`. Result: `[B, H, S]` of f32.

    ```mlir
    %delta = lighthouse.row_dot %os, %dos : tensor<1x8x2560x64xbf16>, tensor<1x8x2560x64xbf16>
    ```
  }];
  let arguments = (ins RowTensor:$a, RowTensor:$b);
  let results = (outs ScoreTensor:$dots);
  let assemblyFormat = "$a `,` $b attr-dict `:` type($a) `,` type($b)";
}

class AttendBackwardPart<string mnemonic> : Stage<mnemonic, [Fuses]> {
  let arguments = (ins RowTensor:$qs, RowTensor:$ks, RowTensor:$vs, ScoreTensor:$lse, ScoreTensor:$delta, RowTensor:$dos, F32Attr:$scale);
  let assemblyFormat = [{
    $qs `,` $ks `,` $vs `,` $lse `,` $delta `,` $dos attr-dict `:` type($qs) `,` type($ks) `,` type($vs) `,` type($lse) `,` type($delta) `,` type($dos)
  }];
}

def AttendBackwardKeysOp : AttendBackwardPart<"attend_backward_keys"> {
  let summary = "the gradients of attend's keys and values";
  let description = [{
    `dks` and `dvs` of `attend_backward`, with `delta` its row sums of `do * o`. A block of keys needs no other block, so nothing is added in an order that varies.

    ```mlir
    %dks, %dvs = lighthouse.attend_backward_keys %qs, %ks, %vs, %lse, %delta, %dos {scale = 1.250000e-01 : f32}
        : tensor<1x8x2560x64xf32>, tensor<1x8x2560x64xf32>, tensor<1x8x2560x64xf32>, tensor<1x8x2560xf32>, tensor<1x8x2560xf32>, tensor<1x8x2560x64xf32>
    ```
  }];
  let results = (outs RowTensor:$dks, RowTensor:$dvs);
}

def AttendBackwardQueriesOp : AttendBackwardPart<"attend_backward_queries"> {
  let summary = "the gradient of attend's queries";
  let description = [{
    `dqs` of `attend_backward`, with `delta` its row sums of `do * o`.

    ```mlir
    %dqs = lighthouse.attend_backward_queries %qs, %ks, %vs, %lse, %delta, %dos {scale = 1.250000e-01 : f32}
        : tensor<1x8x2560x64xf32>, tensor<1x8x2560x64xf32>, tensor<1x8x2560x64xf32>, tensor<1x8x2560xf32>, tensor<1x8x2560xf32>, tensor<1x8x2560x64xf32>
    ```
  }];
  let results = (outs RowTensor:$dqs);
}

def AttendBackwardJoinedOp : AttendBackwardPart<"attend_backward_joined"> {
  let summary = "all gradients of attend, those of queries added up by several work items";
  let description = [{
    `dqs`, `dks` and `dvs` of `attend_backward`, with `delta` its row sums of `do * o`. A block of keys adds to the gradients of all queries that see it, in any order with other blocks: five
    products instead of the seven of `attend_backward_keys` and `attend_backward_queries`, but `dqs` varies by rounding from run to run; so do `dks` and `dvs` where query heads
    share keys. `narrow`: elements of `dks` and `dvs` are those of `ks`, not f32; no keys are shared.

    ```mlir
    %dqs, %dks, %dvs = lighthouse.attend_backward_joined %qs, %ks, %vs, %lse, %delta, %dos {scale = 1.250000e-01 : f32}
        : tensor<1x8x2560x64xbf16>, tensor<1x8x2560x64xbf16>, tensor<1x8x2560x64xbf16>, tensor<1x8x2560xf32>, tensor<1x8x2560xf32>, tensor<1x8x2560x64xbf16>
    ```
  }];
  let arguments = (ins RowTensor:$qs, RowTensor:$ks, RowTensor:$vs, ScoreTensor:$lse, ScoreTensor:$delta, RowTensor:$dos, F32Attr:$scale, UnitAttr:$narrow);
  let assemblyFormat = [{
    $qs `,` $ks `,` $vs `,` $lse `,` $delta `,` $dos (`narrow` $narrow^)? attr-dict `:` type($qs) `,` type($ks) `,` type($vs) `,` type($lse) `,` type($delta) `,` type($dos)
  }];
  let results = (outs RowTensor:$dqs, RowTensor:$dks, RowTensor:$dvs);
}

def SumPartsOp : Stage<"sum_parts", [Fuses]> {
  let summary = "adds up the parts of a gradient";
  let description = [{
    Row `s` of the result is the sum of rows `i*S + s` over the parts `i` that begin at `s` or before (`partBegin`), in the order of the parts. Result: `[B, H, S, D]` of f32.

    ```mlir
    %dqs = lighthouse.sum_parts %split {parts = 2} : tensor<1x8x5120x64xf32>
    ```
  }];
  let arguments = (ins RowTensor:$split, I64Attr:$parts);
  let results = (outs RowTensor:$sum);
  let assemblyFormat = "$split ` ` `{` `parts` `=` $parts `}` attr-dict `:` type($split)";
}

def RoundOp : Stage<"round", [Joins]> {
  let summary = "rows of float32 in another element type";
  let description = [{
    Each element is rounded to the nearest, ties to even. Result: the operand's shape, of `element_type`.

    ```mlir
    %rounded = lighthouse.round %dqs {element_type = bf16} : tensor<1x8x4096x64xf32>
    ```
  }];
  let arguments = (ins RowTensor:$rows, TypeAttr:$element_type);
  let results = (outs RowTensor:$rounded);
  let assemblyFormat = "$rows ` ` `{` `element_type` `=` $element_type `}` attr-dict `:` type($rows)";
}

def GatherBackwardOp : Stage<"gather_backward", [Joins]> {
  let summary = "adjoint of gather: rows back to the pyramids";
  let description = [{
    Entry `indices[s]` of a result is row `s`; an entry that was not selected is zero; `dpk` and `dpv` sum over the query heads of a group. Results: `[B, H, M, D]`,
    `[B, G, M, D]` twice, of f32. `inverse` as in `scatter`.

    ```mlir
    %dpq, %dpk, %dpv = lighthouse.gather_backward %dqs, %dks, %dvs[inverse %slots] {num_kv_heads = 2}
        : tensor<1x8x2560x64xf32>, tensor<1x8x10752xi32, #pyramid>
    ```
  }];
  let arguments = (ins RowTensor:$dqs, RowTensor:$dks, RowTensor:$dvs, EntryTensor:$indices, I64Attr:$num_kv_heads, UnitAttr:$inverse);
  let results = (outs RowTensor:$dpq, RowTensor:$dpk, RowTensor:$dpv);
  let hasCustomAssemblyFormat = 1;
}

def PoolBackwardOp : Stage<"pool_backward", [Joins]> {
  let summary = "adjoint of pool: every token sums its windows' gradients";
  let description = [{
    Token `t` receives `1/c` of the gradient of entry `(l, t / c)` from every level, `c = p^l`. Sums are float32. Results: `[B, H, N, D]`, `[B, G, N, D]` twice, of
    `element_type`.

    ```mlir
    %dq, %dk, %dv = lighthouse.pool_backward %dpq, %dpk, %dpv {element_type = bf16}
        : tensor<1x8x10752x64xf32, #pyramid>, tensor<1x2x10752x64xf32, #pyramid>, tensor<1x2x10752x64xf32, #pyramid>
    ```
  }];
  let arguments = (ins RowTensor:$dpq, RowTensor:$dpk, RowTensor:$dpv, TypeAttr:$element_type);
  let results = (outs RowTensor:$dq, RowTensor:$dk, RowTensor:$dv);
  let assemblyFormat = [{
    $dpq `,` $dpk `,` $dpv ` ` `{` `element_type` `=` $element_type `}` attr-dict `:` type($dpq) `,` type($dpk) `,` type($dpv)
  }];
}

//===-- What fusion adds ----------------------------------------------------------------------------------------------===//

def InvertOp : Stage<"invert", [Joins]> {
  let summary = "row of each entry in the sub-sequence, or -1";
  let description = [{
    The inverse of a selection: `slots[indices[s]] = s`, -1 for an entry that was not selected. Result: `[B, H, M]` of i32.

    ```mlir
    %slots = lighthouse.invert %sel : tensor<1x8x2560xi32, #pyramid>
    ```
  }];
  let arguments = (ins EntryTensor:$indices);
  let results = (outs EntryTensor:$slots);
  let assemblyFormat = "$indices attr-dict `:` type($indices)";
}

def CoarseOp : Stage<"coarse"> {
  let summary = "levels 1 and up of a pyramid";
  let description = [{
    What a kernel writes of a pyramid: level 0 is the tokens, which are never copied. Result: `[B, H, W, D]`.

    ```mlir
    %cq = lighthouse.coarse %pq : tensor<1x8x10752x64xf32, #pyramid>
    ```
  }];
  let arguments = (ins RowTensor:$pyramid);
  let results = (outs RowTensor:$coarse);
  let assemblyFormat = "$pyramid attr-dict `:` type($pyramid)";
}

def StackOp : Stage<"stack"> {
  let summary = "a pyramid from its tokens and its levels 1 and up";
  let description = [{
    What a kernel reads in place of a pyramid: a view of two tensors, the tokens (zero rows from N on) and the coarse levels. Result: `[B, H, M, D]`.

    ```mlir
    %pq = lighthouse.stack %q, %cq : tensor<1x8x8192x64xf32>, tensor<1x8x2560x64xf32, #pyramid>
    ```
  }];
  let arguments = (ins RowTensor:$tokens, RowTensor:$coarse);
  let results = (outs RowTensor:$pyramid);
  let assemblyFormat = "$tokens `,` $coarse attr-dict `:` type($tokens) `,` type($coarse)";
}

def KernelOp : Op<Lighthouse_Dialect, "kernel", [IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">,
                                                 DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "one launch: the stages it runs, what it reads and writes";
  let description = [{
    `reads` binds each tensor that the launch reads to an argument of the region; the results are the tensors that it writes, one buffer each. What the stages in the
    region pass between them is never in memory.

    ```mlir
    %cq, %sq = lighthouse.kernel "pool_score" reads(%a = %q) : (tensor<1x8x8192x64xf32>) -> (tensor<1x8x2560x64xf32, #pyramid>, tensor<1x8x2560xf32, #pyramid>) {
      // ... stages
      lighthouse.yield %0, %1 : tensor<1x8x2560x64xf32, #pyramid>, tensor<1x8x2560xf32, #pyramid>
    }
    ```
  }];
  let arguments = (ins StrAttr:$sym_name, Variadic<AnyRankedTensor>:$inputs);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Bytes between the kernel and memory at least: each tensor that it writes and each that it reads once, of what a
    /// gather takes its rows from only the rows it takes.
    int64_t getMovedBytes();
    /// The sum of its stages' `getFlops`.
    double getFlops();
  }];
}

def YieldOp : Op<Lighthouse_Dialect, "yield", [Pure, Terminator, HasParent<"KernelOp">]> {
  let summary = "what a kernel writes";
  let description = [{
    Ends a kernel's region; operand `i` is the kernel's result `i`.

    ```mlir
    lighthouse.yield %os, %lse : tensor<1x8x2560x64xf32>, tensor<1x8x2560xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), "">];
}

#endif // LIGHTHOUSE_OPS_TD
