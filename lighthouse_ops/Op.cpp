// SPDX-License-Identifier: Apache-2.0
//
// Op::get and what goes with it: from a spec to an op through the caches or the compiler. Exceptions begin here.
#include "lighthouse_ops/Op.h"

#include "compiler/Compile.h"
#include "compiler/Pipelines.h"
#include "lighthouse_ops/HostOp.h"
#include "lighthouse_ops/SpecRules.h"
#include "lighthouse_ops/StageIR.h"
#include "runtime/DiskCache.h"
#include "runtime/HostTarget.h"

#include "mlir/IR/Diagnostics.h"

#include <fmt/format.h>
#include <future>
#include <map>
#include <mutex>

using namespace llvm;

namespace lighthouse {

namespace {

/// The stage IR of a spec in a context of its own, so that compilations share nothing, and what the passes say.
class Compilation {
public:
  explicit Compilation(const Spec &spec)
      : context(dialects(), mlir::MLIRContext::Threading::DISABLED),
        handler(&context, [this](mlir::Diagnostic &diagnostic) { return record(diagnostic); }), spec(spec),
        module(buildStageIR(spec, context)) {}

  mlir::ModuleOp stages() { return *module; }

  /// The value; else throws with the spec, the reason and every diagnostic. An error with the code invalid_argument is
  /// the caller's.
  template <typename T> T take(Expected<T> result) {
    if (result)
      return std::move(*result);
    std::string reason;
    std::error_code code;
    handleAllErrors(result.takeError(), [&](const ErrorInfoBase &error) {
      reason = error.message();
      code = error.convertToErrorCode();
    });
    if (code == std::errc::invalid_argument)
      throw InvalidArgument(reason);
    throw CompileError(fmt::format("compiling [{}] failed: {}{}", spec.str(), reason, diagnostics));
  }

private:
  static mlir::DialectRegistry dialects() {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    return registry;
  }

  LogicalResult record(mlir::Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error)
      return failure(); // to the default handler
    diagnostics += "\n  " + diagnostic.str();
    for (mlir::Diagnostic &note : diagnostic.getNotes())
      diagnostics += "\n    " + note.str();
    return success();
  }

  mlir::MLIRContext context;
  std::string diagnostics;
  mlir::ScopedDiagnosticHandler handler;
  Spec spec;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// The ops of this process. A future, so that a second caller waits for the first one's compilation.
struct MemoryCache {
  std::mutex mutex;
  std::map<std::string, std::shared_future<std::shared_ptr<const Op>>> ops;
};

} // namespace

/// Never destroyed: other threads may still run ops while the process ends.
static MemoryCache &memoryCache() {
  static auto *cache = new MemoryCache;
  return *cache;
}

static HostTarget detectTarget() {
  Expected<HostTarget> target = HostTarget::detect();
  if (!target)
    throw CompileError(toString(target.takeError()));
  return std::move(*target);
}

/// From the disk cache, or compiled now and stored there.
static std::shared_ptr<const Op> makeOp(const Spec &spec, const HostTarget &target) {
  DiskCache disk = DiskCache::fromEnvironment();
  // The spec is the first line: `lighthouse cache list` shows it.
  std::string key = fmt::format("{}\n{}\n{}", spec.str(), target.key(), compilerKey());
  if (std::optional<CompiledModule> stored = disk.lookup(key)) {
    Expected<std::shared_ptr<const Op>> op = HostOp::load(spec, std::move(*stored), Origin::Disk);
    if (op)
      return std::move(*op);
    errs() << "lighthouse: warning: compiling anew, as a module of the disk cache does not load: "
           << toString(op.takeError()) << "\n";
  }
  Compilation compilation(spec);
  auto compiled = compilation.take(compileForHost(compilation.stages(), target));
  auto op = compilation.take(HostOp::load(spec, compiled, Origin::Compiled));
  disk.store(key, compiled);
  return op;
}

Op::~Op() = default;

std::shared_ptr<const Op> Op::get(const Spec &given) {
  given.validate();
  Spec spec = canonical(given);
  HostTarget target = detectTarget();
  std::string key = spec.str() + "\n" + target.key();
  MemoryCache &cache = memoryCache();
  std::promise<std::shared_ptr<const Op>> promise;
  {
    std::unique_lock lock(cache.mutex);
    auto [entry, is_new] = cache.ops.try_emplace(key);
    if (!is_new) {
      auto made = entry->second;
      lock.unlock();
      return made.get();
    }
    entry->second = promise.get_future().share();
  }
  try {
    std::shared_ptr<const Op> op = makeOp(spec, target);
    promise.set_value(op);
    return op;
  } catch (...) {
    // Those who wait now share the failure; the next caller tries again.
    {
      std::lock_guard lock(cache.mutex);
      cache.ops.erase(key);
    }
    promise.set_exception(std::current_exception());
    throw;
  }
}

std::string emit(const Spec &given, EmitStage stage, const std::string &kernel) {
  given.validate();
  HostTarget target = detectTarget();
  Compilation compilation(canonical(given));
  return compilation.take(emitForHost(compilation.stages(), target, stage, kernel));
}

void clearMemoryCache() {
  MemoryCache &cache = memoryCache();
  std::lock_guard lock(cache.mutex);
  cache.ops.clear();
}

const char *version() { return LIGHTHOUSE_VERSION; }

} // namespace lighthouse
