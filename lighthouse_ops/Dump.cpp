// SPDX-License-Identifier: Apache-2.0
//
// LIGHTHOUSE_DUMP: see Dump.h.
#include "lighthouse_ops/Dump.h"

#include "compiler/Compile.h"
#include "lighthouse_ops/SpecRules.h"
#include "runtime/Disassembler.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <cstdlib>
#include <fmt/format.h>

using namespace llvm;

namespace lighthouse {

namespace {

struct StageFile {
  EmitStage stage;
  const char *file;
};
constexpr StageFile kHostFiles[] = {{EmitStage::Stages, "1-stages.mlir"},
                                    {EmitStage::Fused, "2-fused.mlir"},
                                    {EmitStage::Loops, "3-loops.mlir"},
                                    {EmitStage::LLVM, "4-llvm.ll"},
                                    {EmitStage::Assembly, "5-assembly.s"}};
constexpr StageFile kCudaFiles[] = {{EmitStage::Stages, "1-stages.mlir"}, {EmitStage::Fused, "2-fused.mlir"},
                                    {EmitStage::Tile, "3-tile.mlir"},     {EmitStage::NVVM, "4-nvvm.mlir"},
                                    {EmitStage::LLVM, "5-llvm.ll"},       {EmitStage::PTX, "6-ptx.ptx"}};

/// One spec's folder. The first failure is kept, and nothing is written after it.
class Folder {
public:
  explicit Folder(std::string path) : path(std::move(path)) {
    if (std::error_code code = sys::fs::create_directories(this->path))
      failure = fmt::format("cannot make '{}': {}", this->path, code.message());
  }

  void write(StringRef name, StringRef content) {
    if (!failure.empty())
      return;
    SmallString<256> file(path);
    sys::path::append(file, name);
    std::error_code code;
    raw_fd_ostream stream(file, code);
    if (!code) {
      stream << content;
      stream.close();
      code = stream.error();
      stream.clear_error();
    }
    if (code)
      failure = fmt::format("cannot write '{}': {}", file.str().str(), code.message());
  }

  const std::string path;
  std::string failure;
};

} // namespace

/// "attention-bfloat16-B1-H8-N32768-D128-L3-p4-K1024-sm_90a"; fewer key heads, a scale, another scorer than the norm
/// and a length at run time are named too, a scorer of one's own by a hash.
static std::string folderName(const Spec &spec, StringRef target) {
  std::string text = fmt::format("{}-{}-B{}-H{}", name(spec.op), name(spec.dtype), spec.batch, spec.num_heads);
  if (spec.num_kv_heads != spec.num_heads)
    text += fmt::format("-G{}", spec.num_kv_heads);
  text += fmt::format("-N{}-D{}-L{}", spec.seq_len, spec.head_dim, spec.num_levels);
  if (spec.num_levels > 1)
    text += fmt::format("-p{}-K{}", spec.pooling_factor, spec.topk);
  if (softmaxScale(spec) != softmaxScale({.head_dim = spec.head_dim}))
    text += fmt::format("-scale{}", spec.scale);
  if (spec.scorer == Scorer::Expression)
    text += fmt::format("-scorer{:016x}", xxh3_64bits(spec.expression));
  else if (spec.scorer != Scorer::Norm)
    text += fmt::format("-{}{}", name(spec.scorer), spec.dilation);
  if (spec.varlen)
    text += "-varlen";
  return text + "-" + target.substr(target.find(':') + 1).str();
}

/// The kernel of the plans whose code an object is: the longest of the names in it, as some are parts of others.
static StringRef kernelIn(StringRef object, const CompiledModule &module) {
  StringRef found = "code";
  for (const LaunchPlan &plan : module.plans)
    for (const Launch &launch : plan.launches)
      if (launch.kernel.size() > found.size() && object.contains(launch.kernel))
        found = launch.kernel;
  return found;
}

/// The machine code, an object a kernel: "7-forward_attend.cubin".
static void writeCode(Folder &folder, const CompiledModule &module, bool on_gpu) {
  StringRef kind = on_gpu ? isMachineCode(module) ? "cubin" : "ptx" : "o";
  for (const SmallVector<char, 0> &object : module.code) {
    StringRef bytes(object.data(), object.size());
    folder.write((Twine(on_gpu ? "7-" : "6-") + kernelIn(bytes, module) + "." + kind).str(), bytes);
  }
}

/// Machine code of a GPU as text. Returns why there is none, or nothing.
static std::string writeSass(Folder &folder, const CompiledModule &module) {
  if (!isMachineCode(module))
    return "the driver makes the machine code";
  std::string text;
  for (const SmallVector<char, 0> &object : module.code) {
    Expected<std::string> sass = disassemble(StringRef(object.data(), object.size()));
    if (!sass)
      return toString(sass.takeError());
    text += *sass;
  }
  folder.write("8-sass.txt", text);
  return "";
}

/// Without those of kernels that the module lacks, which `emit` refuses.
static Schedules schedulesIn(const CompiledModule &module, const Schedules &schedules) {
  Schedules used;
  for (const LaunchPlan &plan : module.plans)
    for (const Launch &launch : plan.launches)
      if (auto found = schedules.find(launch.kernel); found != schedules.end())
        used.insert(*found);
  return used;
}

void dumpIfAsked(const Spec &spec, const Schedules &schedules, const CudaTarget *target, const CompiledModule &module,
                 Origin origin) {
  const char *asked = std::getenv("LIGHTHOUSE_DUMP");
  if (!asked || !*asked)
    return;
  bool deterministic = target && target->deterministic;
  SmallString<256> path(asked);
  sys::path::append(path, folderName(spec, module.target) + (deterministic ? "-deterministic" : ""));
  Folder folder(path.str().str());
  Schedules used = schedulesIn(module, schedules);
  try {
    for (const StageFile &each : target ? ArrayRef(kCudaFiles) : ArrayRef(kHostFiles))
      if (folder.failure.empty())
        folder.write(each.file,
                     emit(spec, each.stage, "", target ? target->arch : "",
                          each.stage == EmitStage::Stages ? Schedules() : used, {.deterministic = deterministic}));
  } catch (const std::exception &error) {
    folder.failure = error.what();
  }
  writeCode(folder, module, target != nullptr);
  std::string about = fmt::format(
      "spec: {}\ntarget: {}\ncode: {}\n", spec.str(), module.target,
      origin == Origin::Disk ? "from the disk cache, its stages compiled again for this folder" : "compiled");
  if (!used.empty())
    about += "tuned schedules: " + toString(used) + "\n";
  if (target)
    if (std::string reason = writeSass(folder, module); !reason.empty())
      about += "no sass: " + reason + "\n";
  folder.write("about.txt", about + "compiler: " + compilerKey() + "\n");
  if (!folder.failure.empty())
    errs() << "lighthouse: warning: LIGHTHOUSE_DUMP is incomplete: " << folder.failure << "\n";
}

} // namespace lighthouse
