// SPDX-License-Identifier: Apache-2.0
//
// The options of a spec, which several subcommands take.
#pragma once

#include "lighthouse_ops/Spec.h"
#include "tools/lib/Cli.h"

namespace lighthouse::cli {

/// Named values; a name that is none of them is refused with the list.
template <typename Enum> struct NamedValues : llvm::cl::parser<Enum> {
  using llvm::cl::parser<Enum>::parser;

  bool parse(llvm::cl::Option &option, llvm::StringRef, llvm::StringRef given, Enum &value) {
    std::string known;
    for (const auto &each : this->Values) {
      if (each.Name == given) {
        value = each.V.getValue();
        return false;
      }
      known += (known.empty() ? "" : ", ") + each.Name.str();
    }
    return option.error("expects one of " + known + ", but got '" + given + "'");
  }
};
template <typename Enum> using Choice = llvm::cl::opt<Enum, /*ExternalStorage=*/false, NamedValues<Enum>>;

/// Lives as long as its subcommand.
struct SpecOptions {
  explicit SpecOptions(llvm::cl::SubCommand &sub) : sub(sub) {}

  /// Throws InvalidArgument for an unknown scorer.
  Spec spec() const {
    Spec spec{.op = op,
              .dtype = dtype,
              .batch = batch,
              .num_heads = num_heads,
              .num_kv_heads = num_kv_heads.getNumOccurrences() ? num_kv_heads : num_heads,
              .seq_len = seq_len,
              .head_dim = head_dim,
              .num_levels = num_levels,
              .pooling_factor = pooling_factor,
              .topk = topk,
              .scale = scale,
              .dilation = dilation};
    spec.setScorer(scorer);
    return spec;
  }

  llvm::cl::SubCommand &sub;
  using Integer = llvm::cl::opt<int64_t>;
  const Spec defaults;
  Integer seq_len{"seq-len",          llvm::cl::desc("tokens"), llvm::cl::value_desc("N"),
                  llvm::cl::Required, llvm::cl::sub(sub),       llvm::cl::cat(category())};
  Integer head_dim{"head-dim",
                   llvm::cl::desc("a multiple of 8, at most 256"),
                   llvm::cl::value_desc("D"),
                   llvm::cl::Required,
                   llvm::cl::sub(sub),
                   llvm::cl::cat(category())};
  Integer batch{"batch",
                llvm::cl::desc("batch entries (1)"),
                llvm::cl::value_desc("B"),
                llvm::cl::init(defaults.batch),
                llvm::cl::sub(sub),
                llvm::cl::cat(category())};
  Integer num_heads{"num-heads",
                    llvm::cl::desc("query heads (1)"),
                    llvm::cl::value_desc("Hq"),
                    llvm::cl::init(defaults.num_heads),
                    llvm::cl::sub(sub),
                    llvm::cl::cat(category())};
  llvm::cl::alias heads{"heads", llvm::cl::desc("the same as --num-heads"), llvm::cl::aliasopt(num_heads),
                        llvm::cl::NotHidden};
  Integer num_kv_heads{"num-kv-heads",
                       llvm::cl::desc("key heads, a divisor of the query heads (as many)"),
                       llvm::cl::value_desc("Hkv"),
                       llvm::cl::init(defaults.num_kv_heads),
                       llvm::cl::sub(sub),
                       llvm::cl::cat(category())};
  llvm::cl::alias kv_heads{"kv-heads", llvm::cl::desc("the same as --num-kv-heads"), llvm::cl::aliasopt(num_kv_heads),
                           llvm::cl::NotHidden};
  Integer num_levels{"num-levels",
                     llvm::cl::desc("levels of the pyramid, 1 to 8 (1: plain causal attention)"),
                     llvm::cl::value_desc("L"),
                     llvm::cl::init(defaults.num_levels),
                     llvm::cl::sub(sub),
                     llvm::cl::cat(category())};
  llvm::cl::alias levels{"levels", llvm::cl::desc("the same as --num-levels"), llvm::cl::aliasopt(num_levels),
                         llvm::cl::NotHidden};
  Integer pooling_factor{"pooling-factor",
                         llvm::cl::desc("windows of a level in one of the next, a power of two from 2 to 64 (2)"),
                         llvm::cl::value_desc("p"),
                         llvm::cl::init(defaults.pooling_factor),
                         llvm::cl::sub(sub),
                         llvm::cl::cat(category())};
  Integer topk{"topk",
               llvm::cl::desc("entries kept a level, a multiple of 128 (128)"),
               llvm::cl::value_desc("K"),
               llvm::cl::init(defaults.topk),
               llvm::cl::sub(sub),
               llvm::cl::cat(category())};
  Integer dilation{"dilation",
                   llvm::cl::desc("residue classes of --scorer dilated and gla (4)"),
                   llvm::cl::value_desc("r"),
                   llvm::cl::init(defaults.dilation),
                   llvm::cl::sub(sub),
                   llvm::cl::cat(category())};
  llvm::cl::opt<double> scale{"scale",
                              llvm::cl::desc("softmax scale (1/sqrt(D))"),
                              llvm::cl::value_desc("x"),
                              llvm::cl::init(defaults.scale),
                              llvm::cl::sub(sub),
                              llvm::cl::cat(category())};
  llvm::cl::opt<std::string> scorer{"scorer",
                                    llvm::cl::desc("norm (the default), dilated, gla, or a token's two scores by its "
                                                   "query q and key k: 'sum(q * q), max(abs(k))'"),
                                    llvm::cl::value_desc("scores"),
                                    llvm::cl::init(name(defaults.scorer)),
                                    llvm::cl::sub(sub),
                                    llvm::cl::cat(category())};
  Choice<DType> dtype{"dtype",
                      llvm::cl::desc("element type of q, k and v:"),
                      llvm::cl::values(clEnumValN(DType::Float32, "float32", "(the default)"),
                                       clEnumValN(DType::BFloat16, "bfloat16", ""),
                                       clEnumValN(DType::Float16, "float16", "")),
                      llvm::cl::init(defaults.dtype),
                      llvm::cl::sub(sub),
                      llvm::cl::cat(category())};
  Choice<OpKind> op{"op",
                    llvm::cl::desc("part of the chain:"),
                    llvm::cl::values(clEnumValN(OpKind::Attention, "attention", "all of it (the default)"),
                                     clEnumValN(OpKind::Gather, "gather", "up to the sub-sequence"),
                                     clEnumValN(OpKind::Scatter, "scatter", "from the sub-sequence on")),
                    llvm::cl::init(defaults.op),
                    llvm::cl::sub(sub),
                    llvm::cl::cat(category())};
};

} // namespace lighthouse::cli
