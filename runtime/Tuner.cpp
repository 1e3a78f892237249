// SPDX-License-Identifier: Apache-2.0
//
// Tuner: see Tuner.h.
#include "runtime/Tuner.h"

#include "runtime/ThreadPool.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <mutex>
#include <thread>

using namespace llvm;

namespace lighthouse {

static constexpr int kWarmups = 2, kRepeats = 11, kEarlyRepeats = 3;
/// How much slower than the best the first runs are of what is not timed to the end.
static constexpr double kClearlySlower = 1.3;
/// What outputs are spoilt with: a huge number in each of our types.
static constexpr unsigned char kSpoilt = 0x7f;
/// Elements that a thread works on at once.
static constexpr int64_t kChunk = int64_t(1) << 18;

static int64_t bytesOf(const Buffer &buffer) { return elementCount(buffer) * elementBytes(buffer.dtype); }

static double medianOf(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

/// A float by its parts.
struct FloatFormat {
  unsigned mantissa_bits, exponent_bits;
  double epsilon() const { return std::ldexp(1.0, -static_cast<int>(mantissa_bits)); }
  /// Largest relative difference of norms that is taken for rounding: sums may be taken in another order, and weights
  /// rounded at another place.
  double tolerance() const { return mantissa_bits == 23 ? 1e-4 : 4 * epsilon(); }
};

static FloatFormat formatOf(StringRef dtype) {
  return dtype == "float32" ? FloatFormat{23, 8} : dtype == "bfloat16" ? FloatFormat{7, 8} : FloatFormat{10, 5};
}

static uint64_t scramble(uint64_t x) { // splitmix64
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// Random numbers of either sign from 1/8 to 2, by their bits.
static void fillRandom(MutableArrayRef<char> bytes, StringRef dtype, uint64_t seed) {
  FloatFormat format = formatOf(dtype);
  int64_t width = elementBytes(dtype), elements = bytes.size() / width;
  uint64_t bias = (uint64_t(1) << (format.exponent_bits - 1)) - 1, mask = (uint64_t(1) << format.mantissa_bits) - 1;
  parallelFor(divideCeil(elements, kChunk), defaultThreadCount(), [&](int64_t chunk) {
    for (int64_t i = chunk * kChunk; i < std::min((chunk + 1) * kChunk, elements); ++i) {
      uint64_t random = scramble(seed + i), exponent = bias - (random >> 60) % 4;
      uint64_t sign = random >> 59 & 1;
      uint64_t bits = (sign << format.exponent_bits | exponent) << format.mantissa_bits | (random & mask);
      std::memcpy(bytes.data() + i * width, &bits, width); // little-endian
    }
  });
}

static double toDouble(uint32_t bits, FloatFormat format) {
  if (format.mantissa_bits == 23)
    return std::bit_cast<float>(bits);
  if (format.mantissa_bits == 7)
    return std::bit_cast<float>(bits << 16);
  uint32_t exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double value = exponent == 31  ? (mantissa ? NAN : INFINITY)
                 : exponent == 0 ? std::ldexp(mantissa, -24)
                                 : std::ldexp(mantissa + 1024, static_cast<int>(exponent) - 25);
  return bits >> 15 ? -value : value;
}

namespace {

/// What a part of two tensors has in all.
struct Comparison {
  double difference = 0, reference = 0; ///< sums of squares
  double largest_difference = 0, largest = 0;
  bool is_other = false; ///< integers that differ, or a NaN on one side

  void add(const Comparison &other) {
    difference += other.difference;
    reference += other.reference;
    largest_difference = std::max(largest_difference, other.largest_difference);
    largest = std::max(largest, other.largest);
    is_other |= other.is_other;
  }
};

} // namespace

static Comparison compareChunk(const char *given, const char *wanted, int64_t elements, StringRef dtype) {
  Comparison result;
  int64_t width = elementBytes(dtype);
  FloatFormat format = formatOf(dtype);
  for (int64_t i = 0; i < elements; ++i) {
    uint32_t x = 0, y = 0;
    std::memcpy(&x, given + i * width, width);
    std::memcpy(&y, wanted + i * width, width);
    if (dtype == "int32" || dtype == "float32" ? y == 0x7f7f7f7f : y == 0x7f7f) { // written by neither
      result.is_other |= x != y;
      continue;
    }
    if (dtype == "int32") {
      result.is_other |= x != y;
      continue;
    }
    double value = toDouble(x, format), reference = toDouble(y, format);
    if (x == y ? !std::isfinite(reference) : std::isnan(value) && std::isnan(reference))
      continue;
    double difference = std::abs(value - reference);
    if (!std::isfinite(difference)) {
      result.is_other = true;
      continue;
    }
    result.difference += difference * difference;
    result.reference += reference * reference;
    result.largest_difference = std::max(result.largest_difference, difference);
    result.largest = std::max(result.largest, std::abs(reference));
  }
  return result;
}

/// Of all elements. Empty where rounding explains the difference.
static std::string compareTensors(const Buffer &buffer, ArrayRef<char> given, ArrayRef<char> wanted) {
  int64_t elements = elementCount(buffer), width = elementBytes(buffer.dtype);
  std::vector<Comparison> parts(divideCeil(elements, kChunk));
  parallelFor(parts.size(), defaultThreadCount(), [&](int64_t chunk) {
    int64_t first = chunk * kChunk;
    parts[chunk] = compareChunk(given.data() + first * width, wanted.data() + first * width,
                                std::min(kChunk, elements - first), buffer.dtype);
  });
  Comparison all;
  for (const Comparison &part : parts)
    all.add(part);
  FloatFormat format = formatOf(buffer.dtype);
  double relative = all.difference > 0 ? std::sqrt(all.difference / all.reference) : 0;
  double largest = all.largest_difference > 0 ? all.largest_difference / all.largest : 0;
  if (!all.is_other && relative <= format.tolerance() && largest <= 8 * format.tolerance())
    return "";
  if (all.is_other)
    return formatv("other results: {0} has other numbers than by default", buffer.name).str();
  return formatv("other results: {0} differs from the default's by {1:e1} of its norm, {2:e1} of its largest",
                 buffer.name, relative, largest)
      .str();
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Expected<CUdeviceptr> Tuner::allocate(size_t bytes) {
  CUdeviceptr address = 0;
  if (Error error = check(module.context().driver.cuMemAlloc(&address, std::max<size_t>(bytes, 1)),
                          formatv("{0} MiB of device memory for tuning", divideCeil(bytes, size_t(1) << 20)).str()))
    return std::move(error);
  allocations.push_back(address);
  return address;
}

Error Tuner::fill(const Buffer &buffer, uint64_t seed) {
  std::vector<char> numbers(bytesOf(buffer));
  fillRandom(numbers, buffer.dtype, seed);
  return check(module.context().driver.cuMemcpyHtoD(tensors[buffer.name], numbers.data(), numbers.size()),
               "cuMemcpyHtoD");
}

/// Inputs and outputs that no earlier plan has: inputs that it has are its outputs.
Error Tuner::allocate(const LaunchPlan &plan, uint64_t seed) {
  workspace_bytes = std::max<size_t>(workspace_bytes, plan.workspace_bytes);
  for (const Buffer &buffer : plan.buffers) {
    if (buffer.role == BufferRole::Workspace || tensors.contains(buffer.name))
      continue;
    if (buffer.role == BufferRole::Input && buffer.dtype == "int32")
      return createStringError("expects integers that another plan makes, but got the input " + buffer.name + " of " +
                               plan.name);
    Expected<CUdeviceptr> address = allocate(bytesOf(buffer));
    if (!address)
      return address.takeError();
    tensors[buffer.name] = *address;
    if (buffer.role == BufferRole::Input)
      if (Error error = fill(buffer, scramble(seed + tensors.size())))
        return error;
  }
  return Error::success();
}

Expected<std::unique_ptr<Tuner>> Tuner::create(std::unique_ptr<CudaModule> owned, int64_t l2_bytes, uint64_t seed,
                                               std::chrono::seconds limit) {
  const CudaModule &module = *owned;
  // Twice the cache: what is written last is what stays.
  std::unique_ptr<Tuner> tuner(new Tuner(std::move(owned), 2 * l2_bytes, limit));
  const CudaDriver &driver = module.context().driver;
  const LaunchPlan *forward = module.findPlan("forward"), *backward = module.findPlan("backward");
  CurrentCudaContext current(module.context());
  if (Error error = current.check())
    return std::move(error);
  for (const LaunchPlan *plan : {forward, backward})
    if (Error error = tuner->allocate(*plan, seed))
      return std::move(error);
  for (auto [address, bytes] :
       {std::pair(&tuner->workspace, tuner->workspace_bytes), std::pair(&tuner->flush, tuner->flush_bytes)}) {
    Expected<CUdeviceptr> made = tuner->allocate(bytes);
    if (!made)
      return made.takeError();
    *address = *made;
  }
  if (Error error = tuner->check(driver.cuStreamCreate(&tuner->stream, kStreamNonBlocking), "cuStreamCreate"))
    return std::move(error);
  for (CUevent *event : {&tuner->begin, &tuner->end})
    if (Error error = tuner->check(driver.cuEventCreate(event, 0), "cuEventCreate"))
      return std::move(error);
  if (Error error =
          module.run(*forward, tuner->argsOf(*forward), std::bit_cast<void *>(tuner->workspace), tuner->stream))
    return std::move(error);
  if (Error error = tuner->wait())
    return std::move(error);
  return tuner;
}

/// For the rest of the process: unloading would wait for a kernel that does not end.
static void keepForever(std::unique_ptr<CudaModule> module) {
  static std::mutex mutex;
  static auto *modules = new std::vector<std::unique_ptr<CudaModule>>;
  std::lock_guard lock(mutex);
  modules->push_back(std::move(module));
}

Tuner::~Tuner() {
  if (hangs) { // freeing would wait too
    keepForever(std::move(own));
    return;
  }
  CurrentCudaContext current(module.context());
  const CudaDriver &driver = module.context().driver;
  for (CUevent event : {begin, end})
    if (event)
      driver.cuEventDestroy(event);
  if (stream)
    driver.cuStreamDestroy(stream);
  for (CUdeviceptr address : allocations)
    driver.cuMemFree(address);
}

/// Row-major.
std::vector<TensorArg> Tuner::argsOf(const LaunchPlan &plan) const {
  std::vector<TensorArg> list;
  for (const Buffer &buffer : plan.buffers) {
    if (buffer.role == BufferRole::Workspace)
      continue;
    TensorArg arg;
    arg.data = std::bit_cast<void *>(tensors.at(buffer.name));
    int64_t step = 1;
    for (size_t dim = buffer.shape.size(); dim-- > 0; step *= buffer.shape[dim])
      arg.strides[dim] = step;
    list.push_back(arg);
  }
  return list;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

/// Until what was put on the stream is done. An error of a kernel shows here.
Error Tuner::wait() {
  const CudaDriver &driver = module.context().driver;
  if (Error error = check(driver.cuEventRecord(end, stream), "cuEventRecord"))
    return error;
  auto last = std::chrono::steady_clock::now() + limit;
  CUresult code = kCudaNotReady;
  while ((code = driver.cuEventQuery(end)) == kCudaNotReady) {
    if (std::chrono::steady_clock::now() > last) {
      hangs = true;
      return createStringError(formatv("it did not end in {0} seconds", limit.count()));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  return check(code, "the kernel failed");
}

Error Tuner::runOnce(const Code &code) {
  const CudaDriver &driver = module.context().driver;
  SmallVector<char *, 32> places;
  placeBuffers(*plan, args, std::bit_cast<void *>(workspace), places);
  for (int64_t output : outputs)
    if (Error error = check(driver.cuMemsetD8Async(std::bit_cast<CUdeviceptr>(places[output]), kSpoilt,
                                                   bytesOf(plan->buffers[output]), stream),
                            "cuMemsetD8Async"))
      return error;
  if (Error error =
          code.module.run(code.plan, args, std::bit_cast<void *>(workspace), stream, {code.launch, code.launch + 1}))
    return error;
  return wait();
}

Expected<double> Tuner::timeOnce(const Code &code) {
  const CudaDriver &driver = module.context().driver;
  if (Error error = check(driver.cuMemsetD8Async(flush, 0, flush_bytes, stream), "cuMemsetD8Async"))
    return std::move(error);
  if (Error error = check(driver.cuEventRecord(begin, stream), "cuEventRecord"))
    return std::move(error);
  if (Error error =
          code.module.run(code.plan, args, std::bit_cast<void *>(workspace), stream, {code.launch, code.launch + 1}))
    return std::move(error);
  if (Error error = wait())
    return std::move(error);
  float milliseconds = 0;
  if (Error error = check(driver.cuEventElapsedTime(&milliseconds, begin, end), "cuEventElapsedTime"))
    return std::move(error);
  return 1000.0 * milliseconds;
}

Expected<double> Tuner::median(const Code &code, double best) {
  std::vector<double> times;
  for (int repeat = -kWarmups; repeat < kRepeats; ++repeat) {
    Expected<double> time = timeOnce(code);
    if (!time)
      return time.takeError();
    if (repeat >= 0)
      times.push_back(*time);
    if (times.size() == kEarlyRepeats && medianOf(times) > kClearlySlower * best)
      break;
  }
  return medianOf(times);
}

Error Tuner::readOutputs(std::vector<std::vector<char>> &results) const {
  SmallVector<char *, 32> places;
  placeBuffers(*plan, args, std::bit_cast<void *>(workspace), places);
  results.resize(outputs.size());
  for (auto [output, result] : zip_equal(outputs, results)) {
    result.resize(bytesOf(plan->buffers[output]));
    if (Error error = check(module.context().driver.cuMemcpyDtoH(
                                result.data(), std::bit_cast<CUdeviceptr>(places[output]), result.size()),
                            "cuMemcpyDtoH"))
      return error;
  }
  return Error::success();
}

std::string Tuner::difference(const std::vector<std::vector<char>> &results) const {
  for (auto [output, result, wanted] : zip_equal(outputs, results, reference))
    if (std::string text = compareTensors(plan->buffers[output], result, wanted); !text.empty())
      return text;
  return "";
}

//===----------------------------------------------------------------------===//
// A kernel under search
//===----------------------------------------------------------------------===//

Expected<double> Tuner::select(const LaunchPlan &chosen, size_t launch) {
  CurrentCudaContext current(module.context());
  if (Error error = current.check())
    return std::move(error);
  plan = &chosen;
  selected = launch;
  args = argsOf(chosen);
  // A buffer is written by the launch that has it first.
  outputs = chosen.launches[launch].buffers;
  erase_if(outputs, [&](int64_t index) {
    return chosen.buffers[index].role == BufferRole::Input ||
           any_of(ArrayRef(chosen.launches).take_front(launch),
                  [&](const Launch &before) { return is_contained(before.buffers, index); });
  });
  // What was tried before may have left anything in what this plan reads.
  const LaunchPlan &forward = *module.findPlan("forward");
  if (plan != &forward)
    if (Error error = module.run(forward, argsOf(forward), std::bit_cast<void *>(workspace), stream))
      return std::move(error);
  if (Error error = module.run(chosen, args, std::bit_cast<void *>(workspace), stream, {0, launch}))
    return std::move(error);
  Code own{module, chosen, launch};
  if (Error error = runOnce(own))
    return std::move(error);
  if (Error error = readOutputs(reference))
    return std::move(error);
  return median(own, std::numeric_limits<double>::infinity());
}

/// A module of one plan with one launch, on the buffers of the selected one.
Expected<std::unique_ptr<CudaModule>> Tuner::load(const Launch &launch, SmallVector<char, 0> code) const {
  CompiledModule compiled;
  compiled.plans.push_back(*plan);
  compiled.plans.front().launches = {launch};
  compiled.plans.front().launches.front().buffers = plan->launches[selected].buffers;
  compiled.code.push_back(std::move(code));
  std::shared_ptr<const CudaContext> same(std::shared_ptr<void>(), &module.context()); // `module` keeps it
  return CudaModule::load(std::move(compiled), std::move(same));
}

Expected<double> Tuner::checkAndTime(const Code &code, double best) {
  if (Error error = runOnce(code))
    return std::move(error);
  std::vector<std::vector<char>> results;
  if (Error error = readOutputs(results))
    return std::move(error);
  if (std::string text = difference(results); !text.empty())
    return createStringError(text);
  return median(code, best);
}

Outcome Tuner::attempt(const Launch &launch, SmallVector<char, 0> code, double best) {
  CurrentCudaContext current(module.context());
  auto refuse = [&](Error error) -> Outcome {
    bool is_lost = hangs || module.context().driver.cuStreamSynchronize(stream) != kCudaSuccess;
    return {.refusal = toString(std::move(error)), .is_lost = is_lost};
  };
  if (Error error = current.check())
    return refuse(std::move(error));
  Expected<std::unique_ptr<CudaModule>> loaded = load(launch, std::move(code));
  if (!loaded)
    return refuse(loaded.takeError());
  for (const KernelUse &use : (*loaded)->uses())
    if (std::string text = use.slowness(); !text.empty())
      return refuse(createStringError(text));
  Expected<double> time = checkAndTime({**loaded, *(*loaded)->findPlan(plan->name), 0}, best);
  if (hangs)
    keepForever(std::move(*loaded));
  if (!time)
    return refuse(time.takeError());
  return {.microseconds = *time};
}

Expected<std::pair<double, double>> Tuner::compare(const Launch &launch, SmallVector<char, 0> code) {
  CurrentCudaContext current(module.context());
  if (Error error = current.check())
    return std::move(error);
  Expected<std::unique_ptr<CudaModule>> loaded = load(launch, std::move(code));
  if (!loaded)
    return loaded.takeError();
  Code own{module, *plan, selected}, other{**loaded, *(*loaded)->findPlan(plan->name), 0};
  std::vector<double> own_times, other_times;
  for (int repeat = 0; repeat < kRepeats; ++repeat)
    for (auto [each, times] : {std::pair(&own, &own_times), std::pair(&other, &other_times)}) {
      Expected<double> time = timeOnce(*each);
      if (!time)
        return time.takeError();
      times->push_back(*time);
    }
  return std::pair(medianOf(own_times), medianOf(other_times));
}

} // namespace lighthouse
