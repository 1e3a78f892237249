// SPDX-License-Identifier: Apache-2.0
//
// The stage dialect, and the encoding that says how a tensor's rows form a pyramid.
#ifndef LIGHTHOUSE_DIALECT_TD
#define LIGHTHOUSE_DIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Lighthouse_Dialect : Dialect {
  let name = "lighthouse";
  let cppNamespace = "::lighthouse";
  let summary = "Lighthouse Attention, one op a stage";
  let description = [{
    Queries, keys and values are pooled alike into a pyramid (`pool`), its windows are scored (`score`), the entries worth
    attending to are selected without gradient (`select`) and gathered into a short sub-sequence (`gather`), causal attention runs
    over that (`attend`), and the result is added back to the positions that may hear it (`scatter`). Each stage with a gradient has
    its adjoint beside it.

    All values are ranked tensors of static shape. A tensor whose rows are entries of a pyramid carries the encoding
    `#lighthouse.pyramid`, from which every op infers its result types:

    ```mlir
    #pyramid = #lighthouse.pyramid<seq_len = 32768, padded_len = 32768, num_levels = 3, pooling_factor = 4>
    func.func @forward(%q: tensor<1x8x32768x64xf32>, %k: tensor<1x8x32768x64xf32>, %v: tensor<1x8x32768x64xf32>)
        -> tensor<1x8x32768x64xf32> {
      %pq, %pk, %pv = lighthouse.pool %q, %k, %v {num_levels = 3, pooling_factor = 4}
          : tensor<1x8x32768x64xf32>, tensor<1x8x32768x64xf32>, tensor<1x8x32768x64xf32>
      %sq, %sk = lighthouse.score norm %pq, %pk : tensor<1x8x43008x64xf32, #pyramid>, tensor<1x8x43008x64xf32, #pyramid>
      %sel = lighthouse.select %sq, %sk {topk = 1024} : tensor<1x8x10240xf32, #pyramid>, tensor<1x8x10240xf32, #pyramid>
      // ... gather, attend, scatter
    }
    ```
  }];
  let useDefaultAttributePrinterParser = 1;
}

class Lighthouse_Attr<string name, string attrMnemonic> : AttrDef<Lighthouse_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Lighthouse_PyramidAttr : Lighthouse_Attr<"Pyramid", "pyramid"> {
  let summary = "tensor encoding: how rows number the entries of a pyramid";
  let description = [{
    Level `l` has `padded_len / p^l` windows of `p^l` tokens; the entries of all levels are numbered finest level first:
    entry `(l, w)` has the number `padded_len + padded_len/p + ... + padded_len/p^(l-1) + w`. Tokens from `seq_len` on are zero rows.

    ```mlir
    #pyramid = #lighthouse.pyramid<seq_len = 8000, padded_len = 8192, num_levels = 3, pooling_factor = 4>
    ```
  }];
  let parameters = (ins "int64_t":$seq_len, "int64_t":$padded_len, "int64_t":$num_levels, "int64_t":$pooling_factor);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Tokens a window of level `l` covers: p^l.
    int64_t windowLength(int64_t level) const;
    /// Windows of level `l`: padded_len / p^l.
    int64_t numWindows(int64_t level) const;
    /// Number of the first entry of level `l`.
    int64_t levelBegin(int64_t level) const;
    /// Entries of all levels.
    int64_t numEntries() const { return levelBegin(getNumLevels()); }
    /// Entries of levels 1 and up.
    int64_t numCoarse() const { return numEntries() - getPaddedLen(); }
    /// Rows of the sub-sequence for `topk` kept entries a level: N'/p^(L-1) + (L-1) p K.
    int64_t numSelected(int64_t topk) const;
  }];
}

def Lighthouse_ScorerAttr : I32EnumAttr<"ScorerKind", "how a token is scored", [
    I32EnumAttrCase<"norm", 0>]> {
  let cppNamespace = "::lighthouse";
}

#endif // LIGHTHOUSE_DIALECT_TD
