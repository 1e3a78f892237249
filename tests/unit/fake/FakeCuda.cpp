// SPDX-License-Identifier: Apache-2.0
//
// FakeCuda: see FakeCuda.h. Signatures are those of cuda.h, with pointers of our own.
#include "tests/unit/fake/FakeCuda.h"

#include "runtime/CudaApi.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <sstream>

using namespace lighthouse;

static std::recursive_mutex mutex;
static thread_local std::vector<FakeContext *> stack; ///< of contexts; the last is current

/// Modules that are loaded, so that those which stay for good are no leaks.
static std::set<FakeModule *> &alive() {
  static auto *modules = new std::set<FakeModule *>;
  return *modules;
}

/// The same for events.
static std::set<FakeEvent *> &events() {
  static auto *made = new std::set<FakeEvent *>;
  return *made;
}

static void configure(FakeCuda &fake, const std::string &setting) {
  std::string name = setting.substr(0, setting.find('=')), value = setting.substr(setting.find('=') + 1);
  if (name == "version")
    fake.version = std::stoi(value);
  if (name == "spills")
    fake.spill_bytes = std::stoi(value);
  if (name == "crash")
    fake.crash_block = std::stoi(value);
  if (name == "absent")
    fake.absent.insert(value);
  if (name == "fail")
    fake.failures[value.substr(0, value.find(':'))] = std::stoi(value.substr(value.find(':') + 1));
  if (name == "capabilities") {
    fake.capabilities.clear();
    std::istringstream list(value);
    for (std::string each; std::getline(list, each, ',');)
      fake.capabilities.push_back(std::stoi(each));
  }
}

FakeCuda *fakeCuda() {
  static auto *fake = [] {
    auto *made = new FakeCuda;
    const char *text = std::getenv("LIGHTHOUSE_FAKE_CUDA");
    std::istringstream settings(text ? text : "");
    for (std::string each; settings >> each;)
      configure(*made, each);
    return made;
  }();
  return fake;
}

namespace {

/// Notes a call and gives the code that it is to return.
int enter(const char *name) {
  FakeCuda &fake = *fakeCuda();
  fake.calls.emplace_back(name);
  auto found = fake.failures.find(name);
  return found == fake.failures.end() ? 0 : found->second;
}

#define ENTER(name)                                                                                                    \
  std::lock_guard lock(mutex);                                                                                         \
  if (int code = enter(#name))                                                                                         \
  return code

/// Device memory is the host's.
char *toMemory(CUdeviceptr address) { return std::bit_cast<char *>(address); }

FakeContext *toContext(CUcontext context) { return reinterpret_cast<FakeContext *>(context); }
CUcontext toHandle(FakeContext *context) { return reinterpret_cast<CUcontext>(context); }

FakeContext &primaryOf(int device) {
  FakeCuda &fake = *fakeCuda();
  fake.primary.reserve(64); // addresses stay
  while (static_cast<int>(fake.primary.size()) <= device)
    fake.primary.push_back({static_cast<int>(fake.primary.size())});
  return fake.primary[device];
}

CUresult cuInit(unsigned) {
  ENTER(cuInit);
  return 0;
}

CUresult cuDriverGetVersion(int *version) {
  ENTER(cuDriverGetVersion);
  *version = fakeCuda()->version;
  return 0;
}

struct FakeError {
  int code;
  const char *name, *text;
};

constexpr FakeError kErrors[] = {
    {1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {201, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {218, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {500, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
};

CUresult describe(int code, const char *FakeError::*field, const char **result) {
  *result = nullptr;
  for (const FakeError &error : kErrors)
    if (error.code == code)
      *result = error.*field;
  return *result ? 0 : 1;
}

CUresult cuGetErrorName(CUresult code, const char **name) { return describe(code, &FakeError::name, name); }
CUresult cuGetErrorString(CUresult code, const char **text) { return describe(code, &FakeError::text, text); }

CUresult cuDeviceGetCount(int *count) {
  ENTER(cuDeviceGetCount);
  *count = static_cast<int>(fakeCuda()->capabilities.size());
  return 0;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  ENTER(cuDeviceGet);
  *device = ordinal;
  return ordinal >= 0 && ordinal < static_cast<int>(fakeCuda()->capabilities.size()) ? 0 : 101;
}

CUresult cuDeviceGetName(char *name, int bytes, CUdevice device) {
  ENTER(cuDeviceGetName);
  std::snprintf(name, bytes, "Fake GPU %d", device);
  return 0;
}

CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device) {
  ENTER(cuDeviceGetAttribute);
  int capability = fakeCuda()->capabilities.at(device);
  *value = attribute == kComputeCapabilityMajor   ? capability / 10
           : attribute == kComputeCapabilityMinor ? capability % 10
                                                  : 132;
  return 0;
}

CUresult cuDeviceTotalMem(size_t *bytes, CUdevice) {
  ENTER(cuDeviceTotalMem);
  *bytes = size_t(80) << 30;
  return 0;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  ENTER(cuDevicePrimaryCtxRetain);
  FakeContext &primary = primaryOf(device);
  ++primary.retained;
  primary.active = true;
  *context = toHandle(&primary);
  return 0;
}

CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned *flags, int *active) {
  ENTER(cuDevicePrimaryCtxGetState);
  *flags = 0;
  *active = primaryOf(device).active;
  return 0;
}

CUresult cuDevicePrimaryCtxRelease(CUdevice device) {
  ENTER(cuDevicePrimaryCtxRelease);
  FakeContext &primary = primaryOf(device);
  primary.active = --primary.retained > 0;
  return 0;
}

CUresult cuCtxGetCurrent(CUcontext *context) {
  ENTER(cuCtxGetCurrent);
  *context = stack.empty() ? nullptr : toHandle(stack.back());
  return 0;
}

CUresult cuCtxGetDevice(CUdevice *device) {
  ENTER(cuCtxGetDevice);
  if (stack.empty())
    return 201;
  *device = stack.back()->device;
  return 0;
}

CUresult cuCtxPushCurrent(CUcontext context) {
  ENTER(cuCtxPushCurrent);
  stack.push_back(toContext(context));
  return 0;
}

CUresult cuCtxPopCurrent(CUcontext *context) {
  ENTER(cuCtxPopCurrent);
  if (stack.empty())
    return 201;
  *context = toHandle(stack.back());
  stack.pop_back();
  return 0;
}

/// ".entry name(.param .u64 a, .param .align 64 .b8 m[128])": names with their parameters.
void readKernels(const std::string &image, FakeModule &module) {
  for (size_t at = image.find(".entry "); at != std::string::npos; at = image.find(".entry ", at + 1)) {
    size_t open = image.find('(', at), close = image.find(')', open);
    std::string name = image.substr(at + 7, open - at - 7), list = image.substr(open, close - open);
    std::vector<bool> is_map;
    for (size_t p = list.find(".param"); p != std::string::npos;) {
      size_t next = list.find(".param", p + 1);
      is_map.push_back(list.substr(p, next - p).find("[128]") != std::string::npos);
      p = next;
    }
    module.kernels[name] = new FakeKernel{name, is_map, &module, fakeCuda()->attributes};
  }
}

/// The buffer and its size out of cuModuleLoadDataEx's options.
void writeLog(const std::string &text, int log, unsigned options, const int *names, void **values) {
  char *buffer = nullptr;
  size_t bytes = 0;
  for (unsigned i = 0; i < options; ++i) {
    if (names[i] == log)
      buffer = static_cast<char *>(values[i]);
    if (names[i] == log + 1)
      bytes = reinterpret_cast<size_t>(values[i]);
  }
  if (buffer && bytes > 0)
    std::snprintf(buffer, bytes, "%s", text.c_str());
}

void meetOtherLoads() {
  static std::mutex meeting;
  static std::condition_variable arrival;
  static int present = 0;
  std::unique_lock lock(meeting);
  int &wanted = fakeCuda()->loads_that_meet;
  if (wanted == 0)
    return;
  if (++present == wanted) {
    present = wanted = 0;
    arrival.notify_all();
  } else {
    arrival.wait_for(lock, std::chrono::seconds(10), [&] { return wanted == 0; });
  }
}

CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned options, int *names, void **values) {
  meetOtherLoads();
  ENTER(cuModuleLoadDataEx);
  FakeCuda &fake = *fakeCuda();
  if (stack.empty())
    return 201;
  std::string text(static_cast<const char *>(image));
  bool refused = text.find("REFUSED") != std::string::npos ||
                 (!fake.refused_prefix.empty() && text.rfind(fake.refused_prefix, 0) == 0);
  if (refused) {
    writeLog("ptxas application ptx input, line 7; fatal   : Parsing error\n", kJitErrorLog, options, names, values);
    return 218;
  }
  auto *made = new FakeModule{stack.back(), {}, text};
  alive().insert(made);
  readKernels(text, *made);
  std::ostringstream log;
  if (text.find("setmaxnreg") != std::string::npos)
    log << "info    : (C7508) Potential Performance Loss: 'setmaxnreg' ignored; unable to determine register count.\n";
  for (const auto &[name, kernel] : made->kernels)
    log << "info    : Compiling entry function '" << name << "' for 'sm_90a'\n"
        << "info    : Function properties for " << name << "\n"
        << "info    : 8 bytes stack frame, " << fake.spill_bytes << " bytes spill stores, " << fake.spill_bytes
        << " bytes spill loads\n"
        << "info    : Used 40 registers, 64 bytes smem\n";
  writeLog(log.str(), kJitInfoLog, options, names, values);
  fake.images.push_back(text);
  ++fake.loaded;
  *module = reinterpret_cast<CUmodule>(made);
  return 0;
}

CUresult cuModuleUnload(CUmodule module) {
  ENTER(cuModuleUnload);
  auto *fake = reinterpret_cast<FakeModule *>(module);
  if (stack.empty() || stack.back() != fake->context)
    return 201;
  for (auto &[name, kernel] : fake->kernels)
    delete kernel;
  alive().erase(fake);
  delete fake;
  --fakeCuda()->loaded;
  return 0;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
  ENTER(cuModuleGetFunction);
  auto &kernels = reinterpret_cast<FakeModule *>(module)->kernels;
  auto found = kernels.find(name);
  if (found == kernels.end())
    return kCudaNotFound;
  *function = reinterpret_cast<CUfunction>(found->second);
  return 0;
}

CUresult cuFuncGetAttribute(int *value, int attribute, CUfunction function) {
  ENTER(cuFuncGetAttribute);
  *value = reinterpret_cast<FakeKernel *>(function)->attributes[attribute];
  return 0;
}

CUresult cuFuncSetAttribute(CUfunction function, int attribute, int value) {
  ENTER(cuFuncSetAttribute);
  if (attribute == kMaxDynamicSharedBytes && value > 227 * 1024)
    return 1;
  reinterpret_cast<FakeKernel *>(function)->attributes[attribute] = value;
  return 0;
}

CUresult cuMemAlloc(CUdeviceptr *address, size_t bytes) {
  ENTER(cuMemAlloc);
  // As the driver's, and with what kernels read beyond an end.
  void *memory = std::aligned_alloc(256, (bytes + 511) / 256 * 256);
  *address = reinterpret_cast<CUdeviceptr>(memory);
  fakeCuda()->memory[*address] = bytes;
  return 0;
}

CUresult cuMemFree(CUdeviceptr address) {
  ENTER(cuMemFree);
  if (fakeCuda()->memory.erase(address) == 0)
    return 1;
  std::free(toMemory(address));
  return 0;
}

CUresult cuMemcpyHtoD(CUdeviceptr to, const void *from, size_t bytes) {
  ENTER(cuMemcpyHtoD);
  std::memcpy(toMemory(to), from, bytes);
  return 0;
}

CUresult cuMemcpyDtoH(void *to, CUdeviceptr from, size_t bytes) {
  ENTER(cuMemcpyDtoH);
  std::memcpy(to, toMemory(from), bytes);
  return 0;
}

CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t bytes, CUstream) {
  ENTER(cuMemsetD8Async);
  std::memset(toMemory(to), value, bytes);
  return 0;
}

CUresult cuEventCreate(CUevent *event, unsigned) {
  ENTER(cuEventCreate);
  *event = reinterpret_cast<CUevent>(*events().insert(new FakeEvent).first);
  return 0;
}

CUresult cuEventDestroy(CUevent event) {
  ENTER(cuEventDestroy);
  events().erase(reinterpret_cast<FakeEvent *>(event));
  delete reinterpret_cast<FakeEvent *>(event);
  return 0;
}

CUresult cuEventRecord(CUevent event, CUstream) {
  ENTER(cuEventRecord);
  reinterpret_cast<FakeEvent *>(event)->milliseconds = fakeCuda()->milliseconds;
  return 0;
}

CUresult cuEventQuery(CUevent) {
  ENTER(cuEventQuery);
  return 0;
}

CUresult cuEventElapsedTime(float *milliseconds, CUevent begin, CUevent end) {
  ENTER(cuEventElapsedTime);
  *milliseconds = static_cast<float>(reinterpret_cast<FakeEvent *>(end)->milliseconds -
                                     reinterpret_cast<FakeEvent *>(begin)->milliseconds);
  return 0;
}

CUresult cuStreamCreate(CUstream *stream, unsigned) {
  ENTER(cuStreamCreate);
  static char only;
  *stream = reinterpret_cast<CUstream>(&only);
  return 0;
}

CUresult cuStreamDestroy(CUstream) {
  ENTER(cuStreamDestroy);
  return 0;
}

CUresult cuStreamSynchronize(CUstream) {
  ENTER(cuStreamSynchronize);
  return 0;
}

CUresult cuStreamIsCapturing(CUstream, int *status) {
  ENTER(cuStreamIsCapturing);
  *status = fakeCuda()->capturing;
  return 0;
}

CUresult cuMemsetD32Async(CUdeviceptr address, unsigned value, size_t count, CUstream stream) {
  ENTER(cuMemsetD32Async);
  if (stack.empty())
    return 201;
  FakeCuda &fake = *fakeCuda();
  fake.memsets.push_back({address, value, count, stream});
  auto next = fake.memory.upper_bound(address);
  if (next != fake.memory.begin() && address + 4 * count <= std::prev(next)->first + std::prev(next)->second)
    std::fill_n(std::bit_cast<unsigned *>(address), count, value);
  return 0;
}

/// What a launch is noted as; its parameters are read now. With an error's number, none.
std::pair<CUresult, FakeLaunch> readLaunch(const CUlaunchConfig &config, CUfunction function, void **parameters,
                                           bool programmatic) {
  auto *kernel = reinterpret_cast<FakeKernel *>(function);
  if (stack.empty() || stack.back() != kernel->module->context)
    return {201, {}};
  if (config.grid_y * config.grid_z * config.block_y * config.block_z != 1 || config.grid_x == 0)
    return {1, {}};
  int allowed = std::max(48 * 1024, kernel->attributes[kMaxDynamicSharedBytes]);
  if (static_cast<int>(config.shared_bytes) > allowed)
    return {1, {}};
  FakeLaunch launch = {kernel->name, stack.back(), config.grid_x, config.block_x, config.shared_bytes, config.stream,
                       {},           {},           programmatic};
  for (size_t i = 0; i < kernel->is_map.size(); ++i) {
    if (kernel->is_map[i])
      launch.maps.push_back(fakeCuda()->encoded.at(static_cast<CUtensorMap *>(parameters[i])->opaque[0]));
    else
      launch.parameters.push_back(*static_cast<uint64_t *>(parameters[i]));
  }
  return {0, std::move(launch)};
}

void note(CUfunction function, FakeLaunch launch) {
  FakeCuda &fake = *fakeCuda();
  if (launch.block == fake.crash_block)
    fake.failures = {{"cuEventQuery", 700}, {"cuStreamSynchronize", 700}};
  fake.milliseconds += fake.on_launch ? fake.on_launch(*reinterpret_cast<FakeKernel *>(function), launch) : 0.01;
  fake.launches.push_back(std::move(launch));
}

CUresult noteLaunch(const CUlaunchConfig &config, CUfunction function, void **parameters, bool programmatic) {
  auto [code, launch] = readLaunch(config, function, parameters, programmatic);
  if (code == 0)
    note(function, std::move(launch));
  return code;
}

CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                        unsigned block_y, unsigned block_z, unsigned shared_bytes, CUstream stream, void **parameters,
                        void **) {
  ENTER(cuLaunchKernel);
  CUlaunchConfig config = {grid_x, grid_y, grid_z, block_x, block_y, block_z, shared_bytes, stream, nullptr, 0};
  return noteLaunch(config, function, parameters, false);
}

CUresult cuLaunchKernelEx(const CUlaunchConfig *config, CUfunction function, void **parameters, void **) {
  ENTER(cuLaunchKernelEx);
  bool programmatic = false;
  for (unsigned i = 0; i < config->num_attributes; ++i) {
    if (config->attributes[i].id != kLaunchProgrammatic)
      return 1;
    programmatic = static_cast<int>(config->attributes[i].value[0]) == 1;
  }
  return noteLaunch(*config, function, parameters, programmatic);
}

//===-- Graphs -----------------------------------------------------------===//

struct FakeNode {
  CUfunction function;
  bool alive = true; ///< its graph is
  bool programmatic = false;
  bool has_parameters = false;
  FakeLaunch launch = {};
};

/// A graph, and what is made of it: kernels in a row.
struct FakeGraph {
  std::vector<FakeNode *> nodes;
};

FakeGraph &toGraph(CUgraph graph) { return *reinterpret_cast<FakeGraph *>(graph); }

CUresult cuGraphCreate(CUgraph *graph, unsigned) {
  ENTER(cuGraphCreate);
  *graph = reinterpret_cast<CUgraph>(new FakeGraph);
  return 0;
}

CUresult cuGraphDestroy(CUgraph graph) {
  ENTER(cuGraphDestroy);
  for (FakeNode *node : toGraph(graph).nodes)
    node->alive = false; // What was made of the graph may still name it.
  delete &toGraph(graph);
  return 0;
}

/// A node's parameters come with cuGraphExecKernelNodeSetParams.
CUresult cuGraphAddKernelNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *, size_t count,
                              const CUkernelNodeParams *params) {
  ENTER(cuGraphAddKernelNode);
  if (count != 0)
    return 1;
  static auto *made = new std::vector<FakeNode *>; // What was instantiated outlives its graph.
  toGraph(graph).nodes.push_back(made->emplace_back(new FakeNode{.function = params->function}));
  *node = reinterpret_cast<CUgraphNode>(toGraph(graph).nodes.back());
  return 0;
}

CUresult cuGraphAddDependencies(CUgraph graph, const CUgraphNode *from, const CUgraphNode *to,
                                const CUgraphEdgeData *edges, size_t count) {
  ENTER(cuGraphAddDependencies);
  auto &nodes = toGraph(graph).nodes;
  auto at = std::find(nodes.begin(), nodes.end(), reinterpret_cast<FakeNode *>(*to));
  if (count != 1 || at == nodes.begin() || at == nodes.end() || at[-1] != reinterpret_cast<FakeNode *>(*from))
    return 1;
  (*at)->programmatic = edges->type == kEdgeProgrammatic && edges->from_port == kEdgeFromProgrammatic;
  return 0;
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec *executable, CUgraph graph, unsigned long long flags) {
  ENTER(cuGraphInstantiateWithFlags);
  *executable = reinterpret_cast<CUgraphExec>(new FakeGraph(toGraph(graph)));
  ++fakeCuda()->graphs;
  return flags == 0 ? 0 : 1;
}

CUresult cuGraphExecKernelNodeSetParams(CUgraphExec, CUgraphNode handle, const CUkernelNodeParams *params) {
  ENTER(cuGraphExecKernelNodeSetParams);
  auto &node = *reinterpret_cast<FakeNode *>(handle);
  if (!node.alive)
    return 1;
  CUlaunchConfig config = {params->grid_x,  params->grid_y,       params->grid_z, params->block_x, params->block_y,
                           params->block_z, params->shared_bytes, nullptr,        nullptr,         0};
  auto [code, launch] = readLaunch(config, params->function, params->parameters, node.programmatic);
  node.launch = std::move(launch);
  node.has_parameters = code == 0;
  return params->function == node.function ? code : 1;
}

CUresult cuGraphLaunch(CUgraphExec executable, CUstream stream) {
  ENTER(cuGraphLaunch);
  for (FakeNode *node : reinterpret_cast<FakeGraph *>(executable)->nodes) {
    if (!node->has_parameters)
      return 1;
    node->launch.stream = stream;
    note(node->function, node->launch);
  }
  return 0;
}

CUresult cuGraphExecDestroy(CUgraphExec executable) {
  ENTER(cuGraphExecDestroy);
  auto *graph = reinterpret_cast<FakeGraph *>(executable);
  delete graph;
  --fakeCuda()->graphs;
  return 0;
}

//===-- Tensor maps ------------------------------------------------------===//

bool isTensorMap(const FakeTensorMap &map, size_t element_bytes) {
  constexpr size_t kSpans[] = {256 * 16, 32, 64, 128}; // by swizzle
  auto fits = [](const auto &values, auto least, auto most, auto step) {
    return std::all_of(values.begin(), values.end(),
                       [&](auto value) { return value >= least && value <= most && value % step == 0; });
  };
  size_t row = map.box[0] * element_bytes;
  return map.address % 16 == 0 && fits(map.sizes, uint64_t(1), uint64_t(1) << 32, uint64_t(1)) &&
         fits(map.strides, uint64_t(0), (uint64_t(1) << 40) - 1, uint64_t(16)) && fits(map.box, 1u, 256u, 1u) &&
         row % 16 == 0 && map.swizzle >= 0 && map.swizzle <= 3 && row <= kSpans[map.swizzle];
}

/// The rules are those of cuda.h.
CUresult cuTensorMapEncodeTiled(CUtensorMap *map, int data_type, uint32_t rank, void *address, const uint64_t *sizes,
                                const uint64_t *strides, const uint32_t *box, const uint32_t *element_strides,
                                int interleave, int swizzle, int promotion, int fill) {
  ENTER(cuTensorMapEncodeTiled);
  if (reinterpret_cast<uintptr_t>(map) % 64 != 0 || rank < 1 || rank > 5 || interleave != kMapInterleaveNone ||
      std::any_of(element_strides, element_strides + rank, [](uint32_t stride) { return stride != 1; }))
    return 1;
  FakeTensorMap made = {data_type,
                        reinterpret_cast<uintptr_t>(address),
                        {sizes, sizes + rank},
                        {strides, strides + rank - 1},
                        {box, box + rank},
                        swizzle,
                        promotion,
                        fill};
  if (!isTensorMap(made, data_type == kMapFloat32 ? 4 : 2))
    return 1;
  map->opaque[0] = fakeCuda()->encoded.size();
  fakeCuda()->encoded.push_back(std::move(made));
  return 0;
}

} // namespace

extern "C" CUresult cuGetProcAddress(const char *name, void **entry, int version, uint64_t) {
  *entry = nullptr;
  if (fakeCuda()->absent.count(name) || version > fakeCuda()->version)
    return kCudaNotFound;
// NOLINTBEGIN(bugprone-macro-parentheses): a function's name
#define FIND(each, its_version, parameters)                                                                            \
  if (std::strcmp(name, #each) == 0)                                                                                   \
    *entry = reinterpret_cast<void *>(&each);
  // NOLINTEND(bugprone-macro-parentheses)
  FOR_EACH_CUDA_ENTRY_POINT(FIND)
  FOR_EACH_OPTIONAL_CUDA_ENTRY_POINT(FIND)
  return *entry ? 0 : kCudaNotFound;
}
