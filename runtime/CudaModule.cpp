// SPDX-License-Identifier: Apache-2.0
//
// CudaModule: see CudaModule.h.
#include "runtime/CudaModule.h"

#include "runtime/Nvtx.h"
#include "runtime/TensorMap.h"
#include "runtime/ThreadPool.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

#include <array>
#include <bit>
#include <cassert>
#include <cstring>
#include <optional>

using namespace llvm;

namespace lighthouse {

/// Shared memory that a block may have without asking.
static constexpr int64_t kDefaultSharedBytes = 48 * 1024;
/// The first CUDA version that captures programmatic launches as such. Drivers before it get plain ones.
static constexpr int kProgrammaticVersion = 12030;
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
    append_range(kernel_uses, parseAssemblyLog(object.log));
    if (object.module)
      modules.push_back(object.module);
    else if (refusal.empty())
      refusal = std::move(object.refusal);
  }
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
  if (!launch.maps.empty())
    if (Error error = requireTensorMaps(driver))
      return createStringError("kernel '" + Twine(launch.kernel) + "': " + toString(std::move(error)));
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

static std::vector<std::string> rangeNames(const LaunchPlan &plan, StringRef label) {
  std::vector<std::string> names;
  names.reserve(plan.launches.size());
  for (const Launch &launch : plan.launches)
    names.push_back(launch.kernel + " [" + label.str() + "]");
  return names;
}

Expected<std::unique_ptr<CudaModule>> CudaModule::load(CompiledModule module,
                                                       std::shared_ptr<const CudaContext> context, StringRef label) {
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
    if (Nvtx::get())
      loaded->range_names.push_back(rangeNames(plan, label));
    for (const Launch &launch : plan.launches) {
      Expected<CUfunction> function = loaded->prepare(launch);
      if (!function)
        return function.takeError();
      list.push_back(*function);
    }
  }
  if (Error error = loaded->makeGraphs())
    return std::move(error);
  return loaded;
}

/// One for each two or more launches in a row, of which only the first has memory to set to zero.
Error CudaModule::makeGraphs() {
  if (!LaunchGraph::isKnownTo(home->driver))
    return Error::success();
  for (auto [plan, list] : zip_equal(plans, functions)) {
    ArrayRef<Launch> launches = plan.launches;
    auto &made = graphs.emplace_back(launches.size());
    for (size_t begin = 0, end = 0; begin < launches.size(); begin = end) {
      end = begin + 1;
      while (end < launches.size() && launches[end - 1].items > 0 && launches[end].items > 0 &&
             launches[end].zeroed.empty())
        ++end;
      if (end - begin < 2)
        continue;
      Expected<std::unique_ptr<LaunchGraph>> graph =
          LaunchGraph::create(*home, launches.slice(begin, end - begin), ArrayRef(list).slice(begin, end - begin));
      if (!graph)
        return graph.takeError();
      made[begin] = std::move(*graph);
    }
  }
  return Error::success();
}

CudaModule::~CudaModule() {
  if (modules.empty() || is_captured)
    return;
  // Where the context is gone already, so are its modules; the driver says so, and nobody needs to hear it.
  CurrentCudaContext current(*home);
  graphs.clear();
  for (CUmodule module : modules)
    home->driver.cuModuleUnload(module);
}

//===----------------------------------------------------------------------===//
// Launching
//===----------------------------------------------------------------------===//

namespace {

/// Of one launch after the other. For each buffer its address, if strided its strides but the last, and if varlen its
/// rows, 8 bytes each; then the tensor maps, 128 bytes each, at multiples of 64.
class Parameters {
public:
  Parameters(const CudaDriver &driver, const LaunchPlan &plan, ArrayRef<TensorArg> args, int64_t length)
      : driver(driver), plan(plan), args(args), length(length) {}

  /// As cuLaunchKernel takes them; until the next call.
  Expected<void **> of(const Launch &launch, ArrayRef<char *> places) {
    words.clear();
    pointers.clear();
    for (int64_t index : launch.buffers)
      append(index, places);
    for (uint64_t &word : words)
      pointers.push_back(&word);
    for (auto [map, encoded] : zip(launch.maps, maps)) {
      int64_t index = launch.buffers[map.buffer];
      const Buffer &buffer = plan.buffers[index];
      if (Error error = encodeTensorMap(driver, map, buffer, places[index],
                                        buffer.strided ? args[index].strides : nullptr, length, encoded))
        return createStringError("kernel '" + Twine(launch.kernel) + "': " + toString(std::move(error)));
      pointers.push_back(&encoded);
    }
    return pointers.data();
  }

private:
  void append(int64_t index, ArrayRef<char *> places) {
    const Buffer &buffer = plan.buffers[index];
    words.push_back(reinterpret_cast<uintptr_t>(places[index]));
    if (buffer.strided)
      for (size_t dim = 0; dim + 1 < buffer.shape.size(); ++dim)
        words.push_back(args[index].strides[dim]);
    if (buffer.varlen)
      words.push_back(length > 0 ? length : buffer.shape[kRowDim]);
  }

  const CudaDriver &driver;
  const LaunchPlan &plan;
  ArrayRef<TensorArg> args;
  int64_t length;
  SmallVector<uint64_t, 64> words;
  std::array<CUtensorMap, kMaxTensorMaps> maps;
  SmallVector<void *, 64> pointers;
};

} // namespace

/// Sets to zero what the kernel adds to.
static Error zero(const CudaDriver &driver, const LaunchPlan &plan, const Launch &launch, ArrayRef<char *> places,
                  CUstream stream) {
  for (int64_t index : launch.zeroed) {
    const Buffer &buffer = plan.buffers[launch.buffers[index]];
    auto address = reinterpret_cast<CUdeviceptr>(places[launch.buffers[index]]);
    if (CUresult result = driver.cuMemsetD32Async(address, 0, elementCount(buffer), stream); result != kCudaSuccess)
      return driver.check(result,
                          "kernel '" + Twine(launch.kernel) + "', buffer '" + buffer.name + "': cuMemsetD32Async");
  }
  return Error::success();
}

/// `programmatic`: the kernel may begin before its predecessor in the stream ends.
static Error launchKernel(const CudaDriver &driver, CUfunction function, const Launch &launch, bool programmatic,
                          CUstream stream, void **parameters) {
  CUresult result = kCudaSuccess;
  auto blocks = static_cast<unsigned>(launch.items), threads = static_cast<unsigned>(launch.threads),
       shared_bytes = static_cast<unsigned>(launch.shared_bytes);
  if (programmatic) {
    CUlaunchAttribute attribute = {kLaunchProgrammatic, 0, {1}};
    CUlaunchConfig config = {blocks, 1, 1, threads, 1, 1, shared_bytes, stream, &attribute, 1};
    result = driver.cuLaunchKernelEx(&config, function, parameters, nullptr);
  } else {
    result = driver.cuLaunchKernel(function, blocks, 1, 1, threads, 1, 1, shared_bytes, stream, parameters, nullptr);
  }
  if (result == kCudaSuccess)
    return Error::success();
  return driver.check(result, describe(launch) + ": " + (programmatic ? "cuLaunchKernelEx" : "cuLaunchKernel"));
}

Error CudaModule::run(const LaunchPlan &plan, ArrayRef<TensorArg> args, void *workspace, CUstream stream,
                      LaunchRange range, int64_t length) const {
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
  Parameters parameters(driver, plan, args, length);
  size_t plan_index = &plan - plans.data();
  ArrayRef<Launch> launches = range.of(plan);
  size_t index = launches.data() - plan.launches.data(), end = index + launches.size();
  bool may_use_graphs = status == 0 && range_names.empty() && launches.size() == plan.launches.size();
  // In front of the first launch is a kernel of the caller's. That one may not have waited for those before it, as ours
  // do, and so may end before them; a launch that is not programmatic comes behind them all.
  bool is_behind_ours = false;
  bool knows_programmatic = driver.cuLaunchKernelEx && driver.version() >= kProgrammaticVersion;
  while (index < end) {
    const Launch &launch = plan.launches[index];
    if (launch.items > 0)
      if (Error error = zero(driver, plan, launch, places, stream))
        return error;
    LaunchGraph *graph = may_use_graphs ? graphAt(plan_index, index) : nullptr;
    if (std::unique_lock lock = graph ? graph->acquire(stream) : std::unique_lock<std::mutex>()) {
      if (Error error = graph->launch(stream, [&](const Launch &each) { return parameters.of(each, places); }))
        return error;
      index += graph->size();
      is_behind_ours = true;
      continue;
    }
    size_t at = index++;
    if (launch.items == 0)
      continue;
    Expected<void **> given = parameters.of(launch, places);
    if (!given)
      return given.takeError();
    std::optional<NvtxRange> shown;
    if (!range_names.empty())
      shown.emplace(*Nvtx::get(), range_names[plan_index][at].c_str());
    bool programmatic = launch.programmatic && launch.zeroed.empty() && is_behind_ours && knows_programmatic;
    if (Error error = launchKernel(driver, functions[plan_index][at], launch, programmatic, stream, *given))
      return error;
    is_behind_ours = true;
  }
  return Error::success();
}

} // namespace lighthouse
