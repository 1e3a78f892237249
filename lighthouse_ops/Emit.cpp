// SPDX-License-Identifier: Apache-2.0
//
// emit: the text of a spec's code at a stage, for the host or a GPU architecture.
#include "lighthouse_ops/Compilation.h"
#include "lighthouse_ops/Op.h"
#include "lighthouse_ops/SpecRules.h"

#include "compiler/Compile.h"
#include "runtime/Assembler.h"
#include "runtime/CudaTarget.h"
#include "runtime/Disassembler.h"
#include "runtime/HostTarget.h"

#include <fmt/format.h>

using namespace llvm;

namespace lighthouse {

static std::string emitHost(const Spec &spec, EmitStage stage, const std::string &kernel) {
  if (stage >= EmitStage::Tile)
    throw InvalidArgument("stage: expects stages, fused, loops, llvm or asm without an architecture, but got one of a "
                          "GPU; name its architecture, for example sm_90a");
  Expected<HostTarget> target = HostTarget::detect();
  if (!target)
    throw CompileError(toString(target.takeError()));
  Compilation compilation(canonical(spec));
  return compilation.take(emitForHost(compilation.stages(), *target, stage, kernel));
}

/// PTX to SASS, by tools of the CUDA toolkit.
static Expected<std::string> toSass(StringRef ptx, const CudaTarget &target) {
  Expected<std::optional<Assembler>> assembler = Assembler::find(target);
  if (!assembler)
    return assembler.takeError();
  if (!*assembler)
    return createStringError("expects a ptxas that knows %s in $CUDA_HOME/bin or on PATH, or LIGHTHOUSE_PTXAS to name "
                             "one, but found none",
                             target.arch.c_str());
  Expected<Assembled> assembled = (*assembler)->assemble(ptx, target);
  if (!assembled)
    return assembled.takeError();
  return disassemble(StringRef(assembled->cubin.data(), assembled->cubin.size()));
}

static std::string emitCuda(const Spec &spec, EmitStage stage, const std::string &kernel, const std::string &arch,
                            const Schedules &schedules, const CompileOptions &options) {
  Expected<CudaTarget> target = CudaTarget::fromArch(arch);
  if (!target)
    throw InvalidArgument(toString(target.takeError()));
  target->deterministic = options.deterministic;
  if (stage == EmitStage::Loops || stage == EmitStage::Assembly)
    throw InvalidArgument(fmt::format(
        "stage: expects stages, fused, tile, nvvm, llvm, ptx or sass for {}, but got one of the host CPU", arch));
  if (stage == EmitStage::Stages && !schedules.empty())
    throw InvalidArgument("schedule: expects a later stage than stages, which have no kernels yet");
  Compilation compilation(canonical(spec));
  EmitStage text_stage = stage == EmitStage::SASS ? EmitStage::PTX : stage;
  std::string text = compilation.take(emitForCuda(compilation.stages(), *target, text_stage, kernel, schedules));
  return stage == EmitStage::SASS ? compilation.take(toSass(text, *target)) : text;
}

std::string emit(const Spec &spec, EmitStage stage, const std::string &kernel, const std::string &arch,
                 const Schedules &schedules, const CompileOptions &options) {
  spec.validate();
  if (!arch.empty())
    return emitCuda(spec, stage, kernel, arch, schedules, options);
  if (!schedules.empty())
    throw InvalidArgument(fmt::format("schedule: expects a GPU's architecture, as kernels of the CPU have no such "
                                      "parameters, but got '{}' without one",
                                      toString(schedules)));
  return emitHost(spec, stage, kernel);
}

} // namespace lighthouse
