// SPDX-License-Identifier: Apache-2.0
//
// `lighthouse compile` and `lighthouse ptx`: a spec from options in, the text of a stage out.
#include "lighthouse_ops/Op.h"
#include "tools/lib/SpecOptions.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace lighthouse::cli {

namespace {

/// The stages that only GPUs have.
bool isOfGpu(EmitStage stage) { return stage >= EmitStage::Tile; }

/// The architecture of this machine's first GPU that has one; empty without.
std::string archAtHand() {
  for (const DeviceInfo &device : devices())
    if (!device.arch.empty())
      return device.arch;
  return "";
}

/// What both commands share; they differ in how the stage is chosen.
struct EmitCommand : Command {
  using Command::Command;

  virtual EmitStage chosenStage() const = 0;

  int run() override {
    EmitStage stage = chosenStage();
    if (!kernel.empty() && (stage == EmitStage::Stages || stage == EmitStage::Fused))
      return fail("kernel: expects a later stage than --emit stages or fused, which have no kernels yet", kBadUsage);
    std::string target = arch.empty() && isOfGpu(stage) ? archAtHand() : arch.getValue();
    if (target.empty() && isOfGpu(stage))
      return fail("arch: expects an architecture where there is no GPU, for example --arch sm_90a, but got none",
                  kBadUsage);
    std::string text = emit(spec.spec(), stage, kernel, target, chosenSchedules(), {.deterministic = deterministic});
    if (!StringRef(text).ends_with("\n"))
      text += '\n';
    return write(text);
  }

  SpecOptions spec{sub};
  cl::opt<std::string> arch{
      "arch",
      cl::desc("GPU architecture, for example sm_90a; needs no GPU (the host CPU; for stages that only GPUs have, this "
               "machine's GPU)"),
      cl::value_desc("name"), cl::sub(sub), cl::cat(category())};
  cl::opt<std::string> kernel{"kernel", cl::desc("print this kernel only (not of stages, fused)"),
                              cl::value_desc("name"), cl::sub(sub), cl::cat(category())};
  cl::list<std::string> schedules{
      "schedule",
      cl::desc(
          "GPU: parameters of a kernel in place of its defaults, for example forward_attend:block_rows=64,warps=4; "
          "as often as need be"),
      cl::value_desc("kernel:name=value,..."), cl::sub(sub), cl::cat(category())};
  cl::opt<bool> deterministic{"deterministic",
                              cl::desc("GPU: code whose every run gives the same bits, where the default's does not"),
                              cl::sub(sub), cl::cat(category())};
  cl::opt<std::string> file{"o",
                            cl::desc("where to write (stdout)"),
                            cl::value_desc("file"),
                            cl::init("-"),
                            cl::sub(sub),
                            cl::cat(category())};

private:
  Schedules chosenSchedules() const {
    Schedules result;
    for (const std::string &text : schedules)
      addSchedule(result, text);
    return result;
  }

  int write(const std::string &text) const {
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
};

struct CompileCommand : EmitCommand {
  CompileCommand() : EmitCommand("compile", "print the code of a spec at a stage of compilation") {}

  EmitStage chosenStage() const override { return stage; }

  Choice<EmitStage> stage{
      "emit",
      cl::desc("stage to print:"),
      cl::values(clEnumValN(EmitStage::Stages, "stages", "stage ops, forward and backward (the default)"),
                 clEnumValN(EmitStage::Fused, "fused", "stages in kernels, one launch each"),
                 clEnumValN(EmitStage::Loops, "loops", "CPU: kernels as loops and vectors"),
                 clEnumValN(EmitStage::LLVM, "llvm", "LLVM IR, optimised"),
                 clEnumValN(EmitStage::Assembly, "asm", "CPU: assembly of this machine's"),
                 clEnumValN(EmitStage::Tile, "tile", "GPU: kernels as programs of a block over tiles"),
                 clEnumValN(EmitStage::NVVM, "nvvm", "GPU: kernels in MLIR's dialects llvm and nvvm"),
                 clEnumValN(EmitStage::PTX, "ptx", "GPU: PTX"),
                 clEnumValN(EmitStage::SASS, "sass", "GPU: machine code (needs ptxas, and nvdisasm or cuobjdump)")),
      cl::init(EmitStage::Stages),
      cl::sub(sub),
      cl::cat(category())};
};

struct PtxCommand : EmitCommand {
  PtxCommand() : EmitCommand("ptx", "print the PTX of a spec: compile --emit ptx") {}

  EmitStage chosenStage() const override { return EmitStage::PTX; }
};

} // namespace

Command &compileCommand() {
  static auto *command = new CompileCommand;
  return *command;
}

Command &ptxCommand() {
  static auto *command = new PtxCommand;
  return *command;
}

} // namespace lighthouse::cli
