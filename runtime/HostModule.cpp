// SPDX-License-Identifier: Apache-2.0
//
// HostModule: see HostModule.h.
#include "runtime/HostModule.h"

#include "runtime/ThreadPool.h"

#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"

#include <cassert>
#include <dlfcn.h>

using namespace llvm;

namespace lighthouse {

namespace {

/// MLIR's ranked memref descriptor with room for kMaxRank: the strides follow the sizes without a gap, at a place that
/// the rank decides.
struct Descriptor {
  void *allocated;
  void *aligned;
  int64_t offset;
  int64_t sizes_and_strides[2 * kMaxRank];
};

/// What kernels may call outside themselves: libc, libm and the compiler's support library. Found as from our own code,
/// so also in libraries that we link but the program does not; a search of the program's own scope
/// (DynamicLibrarySearchGenerator) would miss them under Python.
class LinkedSymbols : public orc::DefinitionGenerator {
public:
  Error tryToGenerate(orc::LookupState &, orc::LookupKind, orc::JITDylib &dylib, orc::JITDylibLookupFlags,
                      const orc::SymbolLookupSet &wanted) override {
    orc::SymbolMap found;
    for (const auto &symbol : wanted)
      if (void *address = dlsym(RTLD_DEFAULT, (*symbol.first).str().c_str()))
        found[symbol.first] = {orc::ExecutorAddr::fromPtr(address), JITSymbolFlags::Exported};
    return found.empty() ? Error::success() : dylib.define(orc::absoluteSymbols(std::move(found)));
  }
};

} // namespace

static Descriptor describe(const Buffer &buffer, void *data, const int64_t *strides, int64_t length) {
  Descriptor descriptor = {data, data, 0, {}};
  size_t rank = buffer.shape.size();
  int64_t row_major = 1;
  for (size_t dim = rank; dim-- > 0; row_major *= buffer.shape[dim]) {
    descriptor.sizes_and_strides[dim] = buffer.shape[dim];
    descriptor.sizes_and_strides[rank + dim] = buffer.strided ? strides[dim] : row_major;
  }
  if (buffer.varlen && length > 0)
    descriptor.sizes_and_strides[kRowDim] = length;
  return descriptor;
}

/// A JIT that only links objects. No platform: kernels have no initialisers, no thread-local variables and throw
/// nothing.
static Expected<std::unique_ptr<orc::LLJIT>> makeLinker() {
  static const bool failed = InitializeNativeTarget() || InitializeNativeTargetAsmPrinter();
  if (failed)
    return createStringError("lighthouse was built without code generation for this machine's CPU");
  auto jit = orc::LLJITBuilder()
                 .setJITTargetMachineBuilder(orc::JITTargetMachineBuilder(Triple(sys::getProcessTriple())))
                 .setPlatformSetUp(orc::setUpInactivePlatform)
                 .setLinkProcessSymbolsByDefault(false)
                 .create();
  if (jit)
    (*jit)->getMainJITDylib().addGenerator(std::make_unique<LinkedSymbols>());
  return jit;
}

Error HostModule::link(std::vector<SmallVector<char, 0>> code) {
  Expected<std::unique_ptr<orc::LLJIT>> linker = makeLinker();
  if (!linker)
    return linker.takeError();
  jit = std::move(*linker);
  for (SmallVector<char, 0> &object : code)
    if (Error error = jit->addObjectFile(
            std::make_unique<SmallVectorMemoryBuffer>(std::move(object), /*RequiresNullTerminator=*/false)))
      return error;

  // One look-up for all kernels, so that each object is linked once and missing symbols are reported together.
  orc::SymbolLookupSet symbols;
  for (const LaunchPlan &plan : plans)
    for (const Launch &launch : plan.launches)
      symbols.add(jit->mangleAndIntern(launch.kernel));
  symbols.sortByAddress();
  symbols.removeDuplicates();
  // The look-up itself fails with "failed to materialize"; why goes to the session, which would print it.
  auto reasons = std::make_shared<std::string>();
  orc::ExecutionSession &session = jit->getExecutionSession();
  session.setErrorReporter([reasons](Error reason) { *reasons += ": " + toString(std::move(reason)); });
  auto scope = orc::makeJITDylibSearchOrder(&jit->getMainJITDylib());
  Expected<orc::SymbolMap> found = session.lookup(scope, std::move(symbols));
  if (!found)
    return createStringError(toString(found.takeError()) + *reasons);
  for (const LaunchPlan &plan : plans) {
    std::vector<Kernel> &list = kernels.emplace_back();
    for (const Launch &launch : plan.launches)
      list.push_back(found->lookup(jit->mangleAndIntern(launch.kernel)).getAddress().toPtr<Kernel>());
  }
  return Error::success();
}

Expected<std::unique_ptr<HostModule>> HostModule::load(CompiledModule module) {
  for (const LaunchPlan &plan : module.plans)
    if (Error error = verify(plan))
      return std::move(error);
  std::unique_ptr<HostModule> loaded(new HostModule);
  loaded->plans = std::move(module.plans);
  if (Error error = loaded->link(std::move(module.code)))
    return std::move(error);
  return loaded;
}

const LaunchPlan &HostModule::plan(StringRef name) const {
  const LaunchPlan *found = findPlan(name);
  if (!found)
    report_fatal_error("lighthouse: no plan named " + name);
  return *found;
}

/// -fsanitize=function would read a hash in front of the function, where code of ours may have no memory.
#if defined(__clang__)
[[clang::no_sanitize("function")]]
#endif
static void call(void (*kernel)(const void *const *, int64_t), const void *const *descriptors, int64_t item) {
  kernel(descriptors, item);
}

void HostModule::run(const LaunchPlan &plan, ArrayRef<TensorArg> args, void *workspace, int threads, LaunchRange range,
                     int64_t length) const {
  assert(&plan >= plans.data() && &plan < plans.data() + plans.size() && "a plan of this module");
  SmallVector<char *, 32> places;
  placeBuffers(plan, args, workspace, places);
  SmallVector<Descriptor, 32> descriptors;
  for (size_t index = 0; index < plan.buffers.size(); ++index)
    descriptors.push_back(
        describe(plan.buffers[index], places[index], index < args.size() ? args[index].strides : nullptr, length));
  SmallVector<const void *, 16> pointers;
  for (const Launch &launch : range.of(plan)) {
    Kernel kernel = kernels[&plan - plans.data()][&launch - plan.launches.data()];
    pointers.clear();
    for (int64_t buffer : launch.buffers)
      pointers.push_back(&descriptors[buffer]);
    parallelFor(launch.items, threads, [&](int64_t item) { call(kernel, pointers.data(), item); });
  }
}

} // namespace lighthouse
