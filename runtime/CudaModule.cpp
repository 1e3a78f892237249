// SPDX-License-Identifier: Apache-2.0
//
// CudaModule: see CudaModule.h.
#include "runtime/CudaModule.h"

#include "runtime/ThreadPool.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

#include <bit>
#include <cassert>
#include <cstring>

using namespace llvm;

namespace lighthouse {

/// Shared memory that a block may have without asking.
static constexpr int64_t kDefaultSharedBytes = 48 * 1024;
static constexpr size_t kLogBytes = size_t(1) << 16;

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

namespace {

/// What the driver made of one object.
struct LoadedObject {
  CUmodule module = nullptr; ///< null when refused
  std::string log;
  std::string refusal;
};

} // namespace

static LoadedObject loadObject(const CudaContext &context, SmallVector<char, 0> code) {
  LoadedObject loaded;
  CurrentCudaContext current(context);
  if (Error error = current.check()) {
    loaded.refusal = toString(std::move(error));
    return loaded;
  }
  code.push_back('\0'); // PTX is a C string
  std::string info(kLogBytes, '\0'), errors(kLogBytes, '\0');
  std::pair<int, void *> options[] = {{kJitInfoLog, info.data()},
                                      {kJitInfoLogBytes, std::bit_cast<void *>(kLogBytes)},
                                      {kJitErrorLog, errors.data()},
                                      {kJitErrorLogBytes, std::bit_cast<void *>(kLogBytes)},
                                      {kJitLogVerbose, std::bit_cast<void *>(uintptr_t(1))}};
  int names[std::size(options)];
  void *values[std::size(options)];
  for (const auto &[index, option] : enumerate(options))
    std::tie(names[index], values[index]) = option;
  CUmodule module = nullptr;
  CUresult result = context.driver.cuModuleLoadDataEx(&module, code.data(), std::size(options), names, values);
  loaded.log = info.c_str();
  if (Error error = context.driver.check(result, "cuModuleLoadDataEx")) {
    StringRef reason = StringRef(errors.c_str()).trim();
    loaded.refusal = toString(std::move(error)) + (reason.empty() ? "" : ": " + reason.str());
    return loaded;
  }
  loaded.module = module;
  return loaded;
}

/// Drivers compile PTX of several threads at once.
Error CudaModule::loadCode(std::vector<SmallVector<char, 0>> code, int threads) {
  std::vector<LoadedObject> loaded(code.size());
  parallelFor(code.size(), threads, [&](int64_t i) { loaded[i] = loadObject(*home, std::move(code[i])); });
  std::string refusal;
  for (LoadedObject &object : loaded) {
    load_log += object.log;
    if (object.module)
      modules.push_back(object.module);
    else if (refusal.empty())
      refusal = std::move(object.refusal);
  }
  kernel_uses = parseAssemblyLog(load_log);
  return refusal.empty() ? Error::success() : createStringError(refusal);
}

/// A kernel in whichever object has it.
Expected<CUfunction> CudaModule::find(StringRef kernel) {
  CUresult result = kCudaNotFound;
  for (CUmodule module : modules) {
    CUfunction function = nullptr;
    result = home->driver.cuModuleGetFunction(&function, module, kernel.str().c_str());
    if (result == kCudaSuccess)
      return function;
    if (result != kCudaNotFound)
      break;
  }
  return home->driver.check(result, "kernel '" + kernel + "': cuModuleGetFunction");
}

/// A kernel of the module, allowed the shared memory of its launch.
Expected<CUfunction> CudaModule::prepare(const Launch &launch) {
  const CudaDriver &driver = home->driver;
  auto check = [&](CUresult code, const Twine &what) {
    return driver.check(code, "kernel '" + Twine(launch.kernel) + "': " + what);
  };
  Expected<CUfunction> found = find(launch.kernel);
  if (!found)
    return found.takeError();
  CUfunction function = *found;

  // Asking also makes a driver that loads lazily load the kernel now, not at its first launch.
  int threads = 0, registers = 0, local_bytes = 0, shared_bytes = 0;
  for (auto [attribute, value] : {std::pair(kMaxThreadsPerBlock, &threads), std::pair(kNumRegisters, &registers),
                                  std::pair(kLocalBytes, &local_bytes), std::pair(kSharedBytes, &shared_bytes)})
    if (Error error = check(driver.cuFuncGetAttribute(value, attribute, function), "cuFuncGetAttribute"))
      return std::move(error);
  if (launch.threads < 1 || launch.threads > threads)
    return createStringError("kernel '" + Twine(launch.kernel) + "': expects 1 to " + Twine(threads) +
                             " threads a block, with its " + Twine(registers) + " registers, but got " +
                             Twine(launch.threads));
  if (launch.shared_bytes + shared_bytes > kDefaultSharedBytes)
    if (Error error = check(driver.cuFuncSetAttribute(function, kMaxDynamicSharedBytes, launch.shared_bytes),
                            Twine(launch.shared_bytes) + " bytes of dynamic shared memory"))
      return std::move(error);

  auto use = find_if(kernel_uses, [&](const KernelUse &each) { return each.kernel == launch.kernel; });
  if (use == kernel_uses.end())
    use = kernel_uses.insert(use, KernelUse{.kernel = launch.kernel});
  use->registers = registers;
  use->stack_bytes = local_bytes;
  use->shared_bytes = shared_bytes;
  return function;
}

Expected<std::unique_ptr<CudaModule>> CudaModule::load(CompiledModule module,
                                                       std::shared_ptr<const CudaContext> context) {
  for (const LaunchPlan &plan : module.plans)
    if (Error error = verify(plan))
      return std::move(error);
  std::unique_ptr<CudaModule> loaded(new CudaModule(std::move(context)));
  CurrentCudaContext current(*loaded->home);
  if (Error error = current.check())
    return std::move(error);
  int threads = isMachineCode(module) ? 1 : defaultThreadCount();
  if (Error error = loaded->loadCode(std::move(module.code), threads))
    return std::move(error);
  loaded->plans = std::move(module.plans);
  for (const LaunchPlan &plan : loaded->plans) {
    std::vector<CUfunction> &list = loaded->functions.emplace_back();
    for (const Launch &launch : plan.launches) {
      Expected<CUfunction> function = loaded->prepare(launch);
      if (!function)
        return function.takeError();
      list.push_back(*function);
    }
  }
  return loaded;
}

CudaModule::~CudaModule() {
  if (modules.empty() || is_captured)
    return;
  // Where the context is gone already, so are its modules; the driver says so, and nobody needs to hear it.
  CurrentCudaContext current(*home);
  for (CUmodule module : modules)
    home->driver.cuModuleUnload(module);
}

//===----------------------------------------------------------------------===//
// Launching
//===----------------------------------------------------------------------===//

/// The kernel's parameters, 8 bytes each: for each buffer its address and, if strided, its strides but the last.
static void appendParameters(const LaunchPlan &plan, const Launch &launch, ArrayRef<TensorArg> args,
                             ArrayRef<char *> places, SmallVectorImpl<uint64_t> &parameters) {
  for (int64_t index : launch.buffers) {
    const Buffer &buffer = plan.buffers[index];
    parameters.push_back(reinterpret_cast<uintptr_t>(places[index]));
    if (buffer.strided)
      for (size_t dim = 0; dim + 1 < buffer.shape.size(); ++dim)
        parameters.push_back(args[index].strides[dim]);
  }
}

Error CudaModule::run(const LaunchPlan &plan, ArrayRef<TensorArg> args, void *workspace, CUstream stream, size_t begin,
                      size_t end) const {
  assert(&plan >= plans.data() && &plan < plans.data() + plans.size() && "a plan of this module");
  const CudaDriver &driver = home->driver;
  CurrentCudaContext current(*home);
  if (Error error = current.check())
    return error;
  // A captured launch may be replayed for as long as the process lives. A stream that cannot tell counts as captured.
  int status = 0;
  if (driver.cuStreamIsCapturing(stream, &status) != kCudaSuccess || status != 0)
    is_captured = true;

  SmallVector<char *, 32> places;
  placeBuffers(plan, args, workspace, places);
  SmallVector<uint64_t, 64> parameters;
  SmallVector<void *, 64> pointers;
  for (size_t index = begin; index < end; ++index) {
    const Launch &launch = plan.launches[index];
    if (launch.items == 0)
      continue;
    parameters.clear();
    appendParameters(plan, launch, args, places, parameters);
    pointers.clear();
    for (uint64_t &parameter : parameters)
      pointers.push_back(&parameter);
    CUresult result = driver.cuLaunchKernel(functions[&plan - plans.data()][index], launch.items, 1, 1, launch.threads,
                                            1, 1, launch.shared_bytes, stream, pointers.data(), nullptr);
    if (result != kCudaSuccess)
      return driver.check(result, "kernel '" + Twine(launch.kernel) + "', " + Twine(launch.items) + " blocks of " +
                                      Twine(launch.threads) + " threads and " + Twine(launch.shared_bytes) +
                                      " bytes of shared memory: cuLaunchKernel");
  }
  return Error::success();
}

} // namespace lighthouse
