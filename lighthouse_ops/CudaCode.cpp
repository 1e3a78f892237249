// SPDX-License-Identifier: Apache-2.0
//
// CudaCode: see CudaCode.h.
#include "lighthouse_ops/CudaCode.h"

#include "compiler/Compile.h"
#include "lighthouse_ops/Compilation.h"
#include "runtime/DiskCache.h"

#include <fmt/format.h>

using namespace llvm;

namespace lighthouse {

std::optional<Assembler> assemblerFor(const Gpu &gpu) {
  if (!gpu.target.binaryRunsOn(gpu.device.major, gpu.device.minor))
    return std::nullopt;
  Expected<std::optional<Assembler>> found = Assembler::find(gpu.target, gpu.driver.version());
  if (!found)
    throw CompileError(toString(found.takeError()));
  return *found;
}

/// The first line, spec, determinism and schedules, is what `lighthouse cache list` shows. Who makes the machine code
/// is part of it.
static std::string diskKey(const Spec &spec, const Schedules &schedules, const Gpu &gpu,
                           const std::optional<Assembler> &assembler) {
  return fmt::format("{}{}{}{}\n{}\n{}\n{}", spec.str(), gpu.target.deterministic ? "; deterministic" : "",
                     schedules.empty() ? "" : "; ", toString(schedules), gpu.target.key(),
                     assembler ? assembler->identity() : "driver of CUDA " + formatCudaVersion(gpu.driver.version()),
                     compilerKey());
}

static CompiledModule compile(const Spec &spec, const Schedules &schedules, const CudaTarget &target) {
  Compilation compilation(spec);
  return compilation.take(compileForCuda(compilation.stages(), target, schedules));
}

CudaCode cudaCode(const Spec &spec, const Schedules &schedules, const Gpu &gpu) {
  std::optional<Assembler> assembler = assemblerFor(gpu);
  DiskCache disk = DiskCache::fromEnvironment();
  std::string key = diskKey(spec, schedules, gpu, assembler);
  if (std::optional<CompiledModule> stored = disk.lookup(key))
    return {std::move(*stored), Origin::Disk};
  CompiledModule module = compile(spec, schedules, gpu.target);
  if (assembler) {
    SmallVector<StringRef> texts;
    for (const SmallVector<char, 0> &ptx : module.code)
      texts.emplace_back(ptx.data(), ptx.size());
    Expected<std::vector<Assembled>> assembled = assembler->assembleAll(texts, gpu.target);
    if (!assembled) {
      // Not stored: what ails ptxas (a full disk, say) may be gone the next time.
      errs() << "lighthouse: warning: the driver compiles instead of ptxas: " << toString(assembled.takeError())
             << "\n";
      return {std::move(module), Origin::Compiled};
    }
    for (auto [object, made] : zip_equal(module.code, *assembled))
      object = std::move(made.cubin);
  }
  disk.store(key, module);
  return {std::move(module), Origin::Compiled};
}

CudaCode cudaCodeAnew(const Spec &spec, const Schedules &schedules, const Gpu &gpu) {
  CompiledModule module = compile(spec, schedules, gpu.target);
  DiskCache::fromEnvironment().store(diskKey(spec, schedules, gpu, assemblerFor(gpu)), module);
  return {std::move(module), Origin::Compiled};
}

} // namespace lighthouse
