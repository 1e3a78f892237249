// SPDX-License-Identifier: Apache-2.0
//
// FakeCuda: see FakeCuda.h. Signatures are those of cuda.h, with pointers of our own.
#include "tests/unit/fake/FakeDriver.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <sstream>

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

namespace fake {

std::recursive_mutex mutex;
thread_local std::vector<FakeContext *> stack;

int enter(const char *name) {
  FakeCuda &fake = *fakeCuda();
  fake.calls.emplace_back(name);
  auto found = fake.failures.find(name);
  return found == fake.failures.end() ? 0 : found->second;
}

/// Device memory is the host's.
static char *toMemory(CUdeviceptr address) { return std::bit_cast<char *>(address); }

static FakeContext *toContext(CUcontext context) { return reinterpret_cast<FakeContext *>(context); }
static CUcontext toHandle(FakeContext *context) { return reinterpret_cast<CUcontext>(context); }

static FakeContext &primaryOf(int device) {
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

static CUresult describe(int code, const char *FakeError::*field, const char **result) {
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
static void readKernels(const std::string &image, FakeModule &module) {
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
static void writeLog(const std::string &text, int log, unsigned options, const int *names, void **values) {
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

static void meetOtherLoads() {
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
    return lighthouse::kCudaNotFound;
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

} // namespace fake

extern "C" lighthouse::CUresult cuGetProcAddress(const char *name, void **entry, int version, uint64_t) {
  *entry = nullptr;
  if (fakeCuda()->absent.count(name) || version > fakeCuda()->version)
    return lighthouse::kCudaNotFound;
// NOLINTBEGIN(bugprone-macro-parentheses): a function's name
#define FIND(each, its_version, parameters)                                                                            \
  if (std::strcmp(name, #each) == 0)                                                                                   \
    *entry = reinterpret_cast<void *>(&fake::each);
  // NOLINTEND(bugprone-macro-parentheses)
  FOR_EACH_CUDA_ENTRY_POINT(FIND)
  FOR_EACH_OPTIONAL_CUDA_ENTRY_POINT(FIND)
  return *entry ? 0 : lighthouse::kCudaNotFound;
}
