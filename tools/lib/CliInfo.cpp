// SPDX-License-Identifier: Apache-2.0
//
// `lighthouse info`: versions, the CPU and GPUs that code is compiled for, threads, and the disk cache; as text
// or JSON.
#include "lighthouse_ops/Op.h"
#include "lighthouse_ops/Tuning.h"
#include "runtime/DiskCache.h"
#include "runtime/HostTarget.h"
#include "runtime/ThreadPool.h"
#include "tools/lib/Cli.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>
#include <numeric>
#include <set>

using namespace llvm;

namespace lighthouse::cli {

namespace {

/// The NVIDIA GPUs and what their code goes through.
struct Gpus {
  DriverInfo driver;
  std::vector<DeviceInfo> devices;
  std::string assembler; ///< or why there is none
};

/// What is wrong is told and fails nothing: the CPU works without.
Gpus findGpus() {
  Gpus gpus{driverInfo(), {}, ""};
  try {
    gpus.devices = devices();
  } catch (const DeviceError &error) {
    gpus.driver.trouble = error.what();
  }
  auto first = find_if(gpus.devices, [](const DeviceInfo &device) { return !device.arch.empty(); });
  try {
    gpus.assembler = assemblerInfo(first == gpus.devices.end() ? "sm_90a" : first->arch);
  } catch (const InvalidArgument &error) {
    gpus.assembler = error.what();
  }
  return gpus;
}

struct Info {
  HostTarget target;
  Gpus gpus;
  DiskCache cache;
  size_t entries;
  uint64_t bytes;
};

/// What speeds kernels up, where the CPU has it.
std::vector<std::string> features(const HostTarget &target) {
  std::vector<std::string> names;
  for (auto [has, name] : {std::pair(target.has_fma, "fma"), std::pair(target.has_f16c, "f16c"),
                           std::pair(target.has_avx512bf16, "avx512bf16"), std::pair(target.has_amx, "amx-bf16")})
    if (has)
      names.emplace_back(name);
  return names;
}

std::string capabilityOf(const DeviceInfo &device) {
  return fmt::format("{}.{}", device.capability_major, device.capability_minor);
}

json::Value toJSON(const TunedKernel &entry) {
  json::Object parameters;
  for (const auto &[name, value] : entry.parameters)
    parameters[name] = value;
  return json::Object{{"kernel", entry.kernel},
                      {"dtype", entry.dtype},
                      {"head_dim", entry.head_dim},
                      {"group", entry.group},
                      {"length", entry.length},
                      {"levels", entry.levels},
                      {"parameters", std::move(parameters)},
                      {"microseconds", entry.microseconds},
                      {"default_microseconds", entry.default_microseconds},
                      {"shipped", entry.is_shipped}};
}

json::Value toJSON(const TuningRecord &record) {
  json::Array entries;
  for (const TunedKernel &entry : record.entries)
    entries.push_back(toJSON(entry));
  return json::Object{{"database", json::fixUTF8(record.file)}, {"entries", std::move(entries)}};
}

json::Value toJSON(const DeviceInfo &device) {
  return json::Object{{"tuning", toJSON(tuningRecord(device.name))},
                      {"device", device.device.str()},
                      {"name", device.name},
                      {"capability", capabilityOf(device)},
                      {"arch", device.arch},
                      {"trouble", device.trouble},
                      {"memory_bytes", device.memory_bytes},
                      {"multiprocessors", device.multiprocessors}};
}

json::Value toJSON(const Info &info) {
  const HostTarget &target = info.target;
  json::Object host{{"name", target.name()},
                    {"triple", target.triple},
                    {"cpu", target.cpu},
                    {"vector_lanes", target.vector_lanes},
                    {"vector_registers", target.vector_registers},
                    {"features", features(target)}};
  json::Object cache{{"enabled", info.cache.enabled()},
                     {"path", json::fixUTF8(info.cache.path())},
                     {"entries", static_cast<int64_t>(info.entries)},
                     {"bytes", info.bytes},
                     {"max_bytes", info.cache.maxBytes()}};
  json::Array devices;
  for (const DeviceInfo &device : info.gpus.devices)
    devices.push_back(toJSON(device));
  const DriverInfo &driver = info.gpus.driver;
  return json::Object{{"version", version()},
                      {"llvm_version", LLVM_VERSION_STRING},
                      {"targets", json::Array{std::move(host)}},
                      {"driver", json::Object{{"cuda", driver.cuda}, {"trouble", driver.trouble}}},
                      {"devices", std::move(devices)},
                      {"assembler", info.gpus.assembler},
                      {"threads", defaultThreadCount()},
                      {"cache", std::move(cache)}};
}

/// "forward_attend  bfloat16  head_dim=128 group=1 length=18432 levels=3  block_rows=64,warps=4  900.1 us (950.2)"
std::string toText(const TunedKernel &entry) {
  return fmt::format(
      "             {} {} head_dim={} group={} length={} levels={}: {}, {:.1f} us ({:.1f} by default){}\n",
      entry.kernel, entry.dtype, entry.head_dim, entry.group, entry.length, entry.levels,
      entry.parameters.empty() ? "defaults" : toString(entry.parameters), entry.microseconds,
      entry.default_microseconds, entry.is_shipped ? ", shipped" : "");
}

/// A line for each model of GPU, and, where asked for, for each entry.
std::string tuningText(const Gpus &gpus, bool lists_entries) {
  std::string text;
  std::set<std::string> known;
  for (const DeviceInfo &device : gpus.devices) {
    if (!known.insert(device.name).second)
      continue;
    TuningRecord record = tuningRecord(device.name);
    auto shipped = count_if(record.entries, [](const TunedKernel &entry) { return entry.is_shipped; });
    text += fmt::format("tuning       {}: {} kernels in {}, {} shipped\n", device.name, record.entries.size() - shipped,
                        record.file.empty() ? "no file, as the cache is off" : record.file, shipped);
    for (const TunedKernel &entry : record.entries)
      if (lists_entries)
        text += toText(entry);
  }
  return text;
}

/// A line for the driver, each GPU, and ptxas.
std::string toText(const Gpus &gpus) {
  const DriverInfo &driver = gpus.driver;
  std::string text = fmt::format("driver       {}{}{}\n", driver.cuda.empty() ? "none: " : "CUDA " + driver.cuda,
                                 !driver.cuda.empty() && !driver.trouble.empty() ? ", but " : "", driver.trouble);
  for (const DeviceInfo &device : gpus.devices)
    text += fmt::format("{:<12} {} ({}, {}), {} multiprocessors, {}\n", device.device.str(), device.name,
                        capabilityOf(device), device.arch.empty() ? "not usable: " + device.trouble : device.arch,
                        device.multiprocessors, formatBytes(device.memory_bytes));
  StringRef assembler = gpus.assembler;
  assembler.consume_front("ptxas ");
  return text + fmt::format("ptxas        {}\n", assembler.empty() ? "none (the driver compiles)" : assembler.str());
}

std::string toText(const Info &info, bool lists_tuning) {
  const HostTarget &target = info.target;
  std::string cache = "off (LIGHTHOUSE_CACHE=0, or no home folder)";
  if (info.cache.enabled())
    cache = fmt::format("{}: {} entries, {} of {}", info.cache.path().str(), info.entries, formatBytes(info.bytes),
                        formatBytes(info.cache.maxBytes()));
  return fmt::format("lighthouse   {}\n"
                     "LLVM         {}\n"
                     "target       {} ({})\n"
                     "vectors      {} registers of {} float32\n"
                     "features     {}\n"
                     "threads      {}\n"
                     "{}{}"
                     "disk cache   {}\n",
                     version(), LLVM_VERSION_STRING, target.name(), target.triple, target.vector_registers,
                     target.vector_lanes, fmt::join(features(target), " "), defaultThreadCount(), toText(info.gpus),
                     tuningText(info.gpus, lists_tuning), cache);
}

struct InfoCommand : Command {
  InfoCommand() : Command("info", "show versions, this machine's CPU and GPUs, and the disk cache") {}

  int run() override {
    Expected<HostTarget> target = HostTarget::detect();
    if (!target)
      return fail(toString(target.takeError()), kFailed);
    DiskCache cache = DiskCache::fromEnvironment();
    std::vector<CacheEntry> entries = cache.list();
    uint64_t bytes = std::accumulate(entries.begin(), entries.end(), uint64_t(0),
                                     [](uint64_t sum, const CacheEntry &entry) { return sum + entry.bytes; });
    Info info{std::move(*target), findGpus(), std::move(cache), entries.size(), bytes};
    if (as_json)
      outs() << formatv("{0:2}\n", toJSON(info));
    else
      outs() << toText(info, lists_tuning);
    return 0;
  }

  cl::opt<bool> as_json{"json", cl::desc("print JSON"), cl::sub(sub), cl::cat(category())};
  cl::opt<bool> lists_tuning{"tuning", cl::desc("list the entries of the tuning databases of this machine's GPUs"),
                             cl::sub(sub), cl::cat(category())};
};

} // namespace

Command &infoCommand() {
  static auto *command = new InfoCommand;
  return *command;
}

} // namespace lighthouse::cli
