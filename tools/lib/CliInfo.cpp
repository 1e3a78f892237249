// SPDX-License-Identifier: Apache-2.0
//
// `lighthouse info`: versions, the CPU that code is compiled for, threads, and the disk cache; as text or JSON.
#include "lighthouse_ops/Op.h"
#include "runtime/DiskCache.h"
#include "runtime/HostTarget.h"
#include "runtime/ThreadPool.h"
#include "tools/lib/Cli.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <fmt/format.h>
#include <numeric>

using namespace llvm;

namespace lighthouse::cli {

namespace {

struct Info {
  HostTarget target;
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
  return json::Object{{"version", version()},
                      {"llvm_version", LLVM_VERSION_STRING},
                      {"targets", json::Array{std::move(host)}},
                      {"threads", defaultThreadCount()},
                      {"cache", std::move(cache)}};
}

std::string toText(const Info &info) {
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
                     "disk cache   {}\n",
                     version(), LLVM_VERSION_STRING, target.name(), target.triple, target.vector_registers,
                     target.vector_lanes, fmt::join(features(target), " "), defaultThreadCount(), cache);
}

struct InfoCommand : Command {
  InfoCommand() : Command("info", "show versions, this machine's CPU and the disk cache") {}

  int run() override {
    Expected<HostTarget> target = HostTarget::detect();
    if (!target)
      return fail(toString(target.takeError()), kFailed);
    DiskCache cache = DiskCache::fromEnvironment();
    std::vector<CacheEntry> entries = cache.list();
    uint64_t bytes = std::accumulate(entries.begin(), entries.end(), uint64_t(0),
                                     [](uint64_t sum, const CacheEntry &entry) { return sum + entry.bytes; });
    Info info{std::move(*target), std::move(cache), entries.size(), bytes};
    if (as_json)
      outs() << formatv("{0:2}\n", toJSON(info));
    else
      outs() << toText(info);
    return 0;
  }

  cl::opt<bool> as_json{"json", cl::desc("print JSON"), cl::sub(sub), cl::cat(category())};
};

} // namespace

Command &infoCommand() {
  static auto *command = new InfoCommand;
  return *command;
}

} // namespace lighthouse::cli
