// SPDX-License-Identifier: Apache-2.0
//
// HostTarget: see HostTarget.h.
#include "runtime/HostTarget.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/TargetParser/X86TargetParser.h"

#include <cstdlib>
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

using namespace llvm;

namespace lighthouse {

/// The features of an x86-64 CPU. LLVM's table leaves out what other features imply, and SSE2, which 64-bit code always
/// has.
static StringMap<bool> x86Features(StringRef cpu) {
  SmallVector<StringRef, 64> names;
  X86::getFeaturesForCPU(cpu, names);
  StringMap<bool> features = {{"64bit", true}, {"sse", true}, {"sse2", true}};
  for (StringRef name : names) {
    features[name] = true;
    X86::updateImpliedFeatures(name, /*Enabled=*/true, features);
  }
  return features;
}

/// Whether `host` denies none of the features. It says nothing of some old ones, which every x86-64 CPU has.
static bool canRun(const StringMap<bool> &features, const StringMap<bool> &host) {
  return all_of(features, [&](const auto &feature) {
    auto found = host.find(feature.first());
    return found == host.end() || found->second;
  });
}

/// The features of the CPU that LIGHTHOUSE_HOST_CPU names, if this machine runs its code.
static Expected<StringMap<bool>> overriddenFeatures(StringRef cpu, const Triple &triple, const StringMap<bool> &host) {
  if (triple.getArch() != Triple::x86_64)
    return createStringError("LIGHTHOUSE_HOST_CPU expects an x86-64 machine, but got " + triple.getArchName() +
                             "; unset it");
  SmallVector<StringRef, 128> known, fit;
  X86::fillValidCPUArchList(known, /*Only64Bit=*/true);
  copy_if(known, std::back_inserter(fit), [&](StringRef name) { return canRun(x86Features(name), host); });
  llvm::sort(fit);
  if (!is_contained(fit, cpu))
    return createStringError("LIGHTHOUSE_HOST_CPU expects a CPU whose code this machine runs, but got '" + cpu +
                             "'; these fit: " + join(fit, ", "));
  return x86Features(cpu);
}

static std::string featureString(const StringMap<bool> &features) {
  std::vector<std::string> parts;
  for (const auto &feature : features)
    parts.push_back(((feature.second ? "+" : "-") + feature.first()).str());
  llvm::sort(parts, [](const std::string &a, const std::string &b) { return a.compare(1, a.npos, b, 1, b.npos) < 0; });
  return join(parts, ",");
}

/// Asks the system for the tile registers, which a process has to before it may use them. False where that fails, for
/// example since a signal handler's stack is too small to save them.
static bool allowTiles() {
#if defined(__x86_64__) && defined(__linux__)
  constexpr int kRequestPermission = 0x1023, kTileData = 18; // of asm/prctl.h: ARCH_REQ_XCOMP_PERM
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

/// What the system says of the CPU, without what this process may not use.
static StringMap<bool> hostFeatures() {
  StringMap<bool> features = sys::getHostCPUFeatures();
  if (features.lookup("amx-tile") && !allowTiles())
    for (auto &feature : features)
      if (feature.first().starts_with("amx-"))
        feature.second = false;
  return features;
}

Expected<HostTarget> HostTarget::detect() {
  Triple triple(sys::getProcessTriple());
  StringMap<bool> features = hostFeatures();
  HostTarget target;
  target.triple = triple.str();
  target.cpu = sys::getHostCPUName().str();
  if (const char *wanted = std::getenv("LIGHTHOUSE_HOST_CPU"); wanted && *wanted) {
    Expected<StringMap<bool>> theirs = overriddenFeatures(wanted, triple, features);
    if (!theirs)
      return theirs.takeError();
    target.cpu = wanted;
    features = std::move(*theirs);
  }
  target.features = featureString(features);
  target.vector_lanes = features.lookup("avx512f") ? 16 : features.lookup("avx") ? 8 : 4;
  target.vector_registers = features.lookup("avx512f") || triple.isAArch64() ? 32 : 16;
  target.has_fma = features.lookup("fma") || triple.isAArch64();
  target.has_f16c = features.lookup("f16c");
  target.has_avx512bf16 = features.lookup("avx512bf16");
  target.has_amx = features.lookup("amx-bf16") && target.has_avx512bf16;
  return target;
}

} // namespace lighthouse
