// SPDX-License-Identifier: Apache-2.0
//
// Op::get and what goes with it: from a spec to an op through the caches or the compiler.
#include "lighthouse_ops/Op.h"

#include "compiler/Compile.h"
#include "lighthouse_ops/Autotune.h"
#include "lighthouse_ops/Compilation.h"
#include "lighthouse_ops/CudaCode.h"
#include "lighthouse_ops/CudaOp.h"
#include "lighthouse_ops/Dump.h"
#include "lighthouse_ops/HostOp.h"
#include "lighthouse_ops/OnceCache.h"
#include "lighthouse_ops/SpecRules.h"
#include "runtime/DiskCache.h"
#include "runtime/HostTarget.h"

#include <fmt/format.h>

using namespace llvm;

namespace lighthouse {

namespace {

using OpPointer = std::shared_ptr<const Op>;

/// The ops of this process, and the code of those for GPUs, which several devices may load.
struct MemoryCache {
  OnceCache<OpPointer> ops;
  OnceCache<std::shared_ptr<const CudaCode>> cuda_code;
};

} // namespace

/// Never destroyed: other threads may still run ops while the process ends.
static MemoryCache &memoryCache() {
  static auto *cache = new MemoryCache;
  return *cache;
}

static void warnAnew(const Twine &what, const Twine &reason) {
  errs() << "lighthouse: warning: compiling anew, as " << what << " does not load: " << reason << "\n";
}

//===----------------------------------------------------------------------===//
// The host
//===----------------------------------------------------------------------===//

/// From the disk cache, or compiled now and stored there.
static OpPointer makeHostOp(const Spec &spec, const HostTarget &target) {
  DiskCache disk = DiskCache::fromEnvironment();
  // The spec is the first line: `lighthouse cache list` shows it.
  std::string key = fmt::format("{}\n{}\n{}", spec.str(), target.key(), compilerKey());
  if (std::optional<CompiledModule> stored = disk.lookup(key)) {
    Expected<OpPointer> op = HostOp::load(spec, *stored, Origin::Disk);
    if (op) {
      dumpIfAsked(spec, {}, nullptr, *stored, Origin::Disk);
      return std::move(*op);
    }
    warnAnew("a module of the disk cache", toString(op.takeError()));
  }
  Compilation compilation(spec);
  auto compiled = compilation.take(compileForHost(compilation.stages(), target));
  auto op = compilation.take(HostOp::load(spec, compiled, Origin::Compiled));
  disk.store(key, compiled);
  dumpIfAsked(spec, {}, nullptr, compiled, Origin::Compiled);
  return op;
}

static OpPointer getHostOp(const Spec &spec) {
  Expected<HostTarget> target = HostTarget::detect();
  if (!target)
    throw CompileError(toString(target.takeError()));
  return memoryCache().ops.get(spec.str() + "\n" + target->key(), [&] { return makeHostOp(spec, *target); });
}

//===----------------------------------------------------------------------===//
// NVIDIA GPUs
//===----------------------------------------------------------------------===//

static OpPointer makeCudaOp(const Spec &spec, const Schedules &schedules, const Gpu &gpu) {
  auto code =
      memoryCache().cuda_code.get(fmt::format("{}\n{}\n{}\n{}", spec.str(), toString(schedules), gpu.target.key(),
                                              gpu.device.major * 10 + gpu.device.minor),
                                  [&] { return std::make_shared<const CudaCode>(cudaCode(spec, schedules, gpu)); });
  Expected<OpPointer> op = CudaOp::load(spec, code->module, gpu.context, code->origin);
  if (op) {
    dumpIfAsked(spec, schedules, &gpu.target, code->module, code->origin);
    return std::move(*op);
  }
  auto failed = [&](Error error) {
    return CompileError(fmt::format("compiling [{}] failed: {}", spec.str(), toString(std::move(error))));
  };
  if (code->origin == Origin::Compiled && !isMachineCode(code->module))
    throw failed(op.takeError());
  // The disk's entry may be spoilt, and a driver may refuse a ptxas's machine code: it then gets PTX of now.
  warnAnew(code->origin == Origin::Disk ? "a module of the disk cache" : "machine code of ptxas",
           toString(op.takeError()));
  CudaCode anew = cudaCodeAnew(spec, schedules, gpu);
  Expected<OpPointer> second = CudaOp::load(spec, anew.module, gpu.context, anew.origin);
  if (!second)
    throw failed(second.takeError());
  dumpIfAsked(spec, schedules, &gpu.target, anew.module, anew.origin);
  return std::move(*second);
}

/// Entries of tuning databases may be of a library with other schedules.
static OpPointer makeTunedCudaOp(const Spec &spec, const Schedules &schedules, const Gpu &gpu) {
  if (schedules.empty())
    return makeCudaOp(spec, {}, gpu);
  try {
    return makeCudaOp(spec, schedules, gpu);
  } catch (const CompileError &error) {
    errs() << "lighthouse: warning: taking the default schedules, as those of the tuning database do not compile; "
              "'lighthouse tune' replaces them: "
           << error.what() << "\n";
    return makeCudaOp(spec, {}, gpu);
  }
}

static OpPointer getCudaOp(const Spec &spec, int ordinal, const CompileOptions &options) {
  Gpu gpu = Gpu::openFor(spec, ordinal, options);
  Schedules schedules = schedulesFor(spec, gpu);
  std::string key = fmt::format("{}\n{}\n{}\ncuda:{} {}", spec.str(), toString(schedules), gpu.target.key(), ordinal,
                                static_cast<const void *>(gpu.context->handle));
  return memoryCache().ops.get(key, [&] { return makeTunedCudaOp(spec, schedules, gpu); });
}

//===----------------------------------------------------------------------===//
// Public
//===----------------------------------------------------------------------===//

Op::~Op() = default;

std::shared_ptr<const Op> Op::get(const Spec &given, Device device, const CompileOptions &options) {
  given.validate();
  Spec spec = canonical(given);
  return device.kind == DeviceKind::Cpu ? getHostOp(spec) : getCudaOp(spec, device.ordinal, options);
}

void clearMemoryCache() {
  memoryCache().ops.clear();
  memoryCache().cuda_code.clear();
}

const char *version() { return LIGHTHOUSE_VERSION; }

} // namespace lighthouse
