// SPDX-License-Identifier: Apache-2.0
//
// `lighthouse compile`: a spec from options in, the text of a stage out.
#include "lighthouse_ops/Op.h"
#include "tools/lib/Cli.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace lighthouse::cli {

namespace {

/// Named values; a name that is none of them is refused with the list.
template <typename Enum> struct NamedValues : cl::parser<Enum> {
  using cl::parser<Enum>::parser;

  bool parse(cl::Option &option, StringRef, StringRef given, Enum &value) {
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
template <typename Enum> using Choice = cl::opt<Enum, /*ExternalStorage=*/false, NamedValues<Enum>>;

struct CompileCommand : Command {
  CompileCommand() : Command("compile", "print the code of a spec at a stage of compilation") {}

  int run() override {
    if (!kernel.empty() && (stage == EmitStage::Stages || stage == EmitStage::Fused))
      return fail("kernel: expects --emit loops, llvm or asm, but got a stage that has no kernels yet", kBadUsage);
    std::string text = emit(spec(), stage, kernel);
    if (!StringRef(text).ends_with("\n"))
      text += '\n';
    if (file == "-") {
      outs() << text;
      return 0;
    }
    std::error_code error;
    raw_fd_ostream stream(file, error);
    if (!error) {
      stream << text;
      stream.close();
      error = stream.error();
      stream.clear_error();
    }
    return error ? fail("cannot write '" + file + "': " + error.message(), kFailed) : 0;
  }

  Spec spec() const {
    return {.op = op,
            .dtype = dtype,
            .batch = batch,
            .num_heads = num_heads,
            .num_kv_heads = num_kv_heads.getNumOccurrences() ? num_kv_heads : num_heads,
            .seq_len = seq_len,
            .head_dim = head_dim,
            .num_levels = num_levels,
            .pooling_factor = pooling_factor,
            .topk = topk,
            .scale = scale};
  }

  using Integer = cl::opt<int64_t>;
  const Spec defaults;
  Integer seq_len{"seq-len", cl::desc("tokens"), cl::value_desc("N"), cl::Required, cl::sub(sub), cl::cat(category())};
  Integer head_dim{"head-dim",          cl::desc("a multiple of 8, at most 256"),
                   cl::value_desc("D"), cl::Required,
                   cl::sub(sub),        cl::cat(category())};
  Integer batch{"batch",
                cl::desc("batch entries (1)"),
                cl::value_desc("B"),
                cl::init(defaults.batch),
                cl::sub(sub),
                cl::cat(category())};
  Integer num_heads{"num-heads",  cl::desc("query heads (1)"), cl::value_desc("Hq"), cl::init(defaults.num_heads),
                    cl::sub(sub), cl::cat(category())};
  cl::alias heads{"heads", cl::desc("the same as --num-heads"), cl::aliasopt(num_heads)};
  Integer num_kv_heads{"num-kv-heads",        cl::desc("key heads, a divisor of the query heads (as many)"),
                       cl::value_desc("Hkv"), cl::init(defaults.num_kv_heads),
                       cl::sub(sub),          cl::cat(category())};
  cl::alias kv_heads{"kv-heads", cl::desc("the same as --num-kv-heads"), cl::aliasopt(num_kv_heads)};
  Integer num_levels{"num-levels",        cl::desc("levels of the pyramid, 1 to 8 (1: plain causal attention)"),
                     cl::value_desc("L"), cl::init(defaults.num_levels),
                     cl::sub(sub),        cl::cat(category())};
  cl::alias levels{"levels", cl::desc("the same as --num-levels"), cl::aliasopt(num_levels)};
  Integer pooling_factor{
      "pooling-factor",    cl::desc("windows of a level in one of the next, a power of two from 2 to 64 (2)"),
      cl::value_desc("p"), cl::init(defaults.pooling_factor),
      cl::sub(sub),        cl::cat(category())};
  Integer topk{"topk",
               cl::desc("entries kept a level, a multiple of 128 (128)"),
               cl::value_desc("K"),
               cl::init(defaults.topk),
               cl::sub(sub),
               cl::cat(category())};
  cl::opt<double> scale{"scale",
                        cl::desc("softmax scale (1/sqrt(D))"),
                        cl::value_desc("x"),
                        cl::init(defaults.scale),
                        cl::sub(sub),
                        cl::cat(category())};
  Choice<DType> dtype{"dtype",
                      cl::desc("element type of q, k and v:"),
                      cl::values(clEnumValN(DType::Float32, "float32", "(the default)"),
                                 clEnumValN(DType::BFloat16, "bfloat16", ""),
                                 clEnumValN(DType::Float16, "float16", "")),
                      cl::init(defaults.dtype),
                      cl::sub(sub),
                      cl::cat(category())};
  Choice<OpKind> op{"op",
                    cl::desc("part of the chain:"),
                    cl::values(clEnumValN(OpKind::Attention, "attention", "all of it (the default)"),
                               clEnumValN(OpKind::Gather, "gather", "up to the sub-sequence"),
                               clEnumValN(OpKind::Scatter, "scatter", "from the sub-sequence on")),
                    cl::init(defaults.op),
                    cl::sub(sub),
                    cl::cat(category())};
  Choice<EmitStage> stage{
      "emit",
      cl::desc("stage to print:"),
      cl::values(clEnumValN(EmitStage::Stages, "stages", "stage ops, forward and backward (the default)"),
                 clEnumValN(EmitStage::Fused, "fused", "stages in kernels, one launch each"),
                 clEnumValN(EmitStage::Loops, "loops", "kernels as loops and vectors"),
                 clEnumValN(EmitStage::LLVM, "llvm", "LLVM IR, optimised"),
                 clEnumValN(EmitStage::Assembly, "asm", "assembly of this machine's CPU")),
      cl::init(EmitStage::Stages),
      cl::sub(sub),
      cl::cat(category())};
  cl::opt<std::string> kernel{"kernel", cl::desc("print this kernel only (loops, llvm, asm)"), cl::value_desc("name"),
                              cl::sub(sub), cl::cat(category())};
  cl::opt<std::string> file{"o",
                            cl::desc("where to write (stdout)"),
                            cl::value_desc("file"),
                            cl::init("-"),
                            cl::sub(sub),
                            cl::cat(category())};
};

} // namespace

Command &compileCommand() {
  static auto *command = new CompileCommand;
  return *command;
}

} // namespace lighthouse::cli
