// SPDX-License-Identifier: Apache-2.0
//
// Nvtx: see Nvtx.h.
#include "runtime/Nvtx.h"

#include "runtime/NvtxApi.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <array>
#include <cstdlib>
#include <dlfcn.h>
#include <optional>

using namespace llvm;

namespace lighthouse {

/// The functions of NVTX's core module, by their numbers, and the table that says where each is kept.
static std::array<NvtxFunction, kNvtxCoreSize> functions;

static int getTable(int module, NvtxFunction ***table, unsigned *size) {
  static std::array<NvtxFunction *, kNvtxCoreSize> places = [] {
    std::array<NvtxFunction *, kNvtxCoreSize> all{};
    for (unsigned number = 1; number < kNvtxCoreSize; ++number) // no function has the number 0
      all[number] = &functions[number];
    return all;
  }();
  if (module != kNvtxModuleCore)
    return 0;
  if (table)
    *table = places.data();
  if (size)
    *size = kNvtxCoreSize;
  return 1;
}

static const void *getExport(uint32_t id) {
  static const NvtxCallbacks callbacks = {sizeof(NvtxCallbacks), getTable};
  static const NvtxVersion version = {sizeof(NvtxVersion), kNvtxVersion, 0, [](uint32_t) {}};
  if (id == kNvtxExportCallbacks)
    return &callbacks;
  return id == kNvtxExportVersion ? &version : nullptr;
}

Expected<Nvtx> Nvtx::attach(const std::string &library) {
  void *handle = dlopen(library.c_str(), RTLD_LAZY);
  if (!handle)
    return createStringError(StringRef("cannot open the profiler's library: ") + dlerror());
  auto initialize = reinterpret_cast<NvtxInitialize>(dlsym(handle, "InitializeInjectionNvtx2"));
  if (!initialize)
    return createStringError(library + " has no InitializeInjectionNvtx2");
  functions = {};
  if (initialize(getExport) == 0)
    return createStringError(library + " refuses");
  Nvtx nvtx;
  nvtx.push = reinterpret_cast<decltype(nvtx.push)>(functions[kNvtxRangePushA]);
  nvtx.pop = reinterpret_cast<decltype(nvtx.pop)>(functions[kNvtxRangePop]);
  if (!nvtx.push || !nvtx.pop)
    return createStringError(library + " takes no ranges");
  return nvtx;
}

static std::optional<Nvtx> attachAsAsked() {
  StringRef asked = std::getenv("LIGHTHOUSE_NVTX") ? std::getenv("LIGHTHOUSE_NVTX") : "";
  if (asked.empty() || asked == "0")
    return std::nullopt;
  if (asked != "1") {
    errs() << "lighthouse: warning: LIGHTHOUSE_NVTX expects 0 or 1, but got '" << asked << "'; no ranges are shown\n";
    return std::nullopt;
  }
  const char *library = std::getenv("NVTX_INJECTION64_PATH");
  if (!library || !*library) // no profiler
    return std::nullopt;
  Expected<Nvtx> nvtx = Nvtx::attach(library);
  if (nvtx)
    return *nvtx;
  errs() << "lighthouse: warning: LIGHTHOUSE_NVTX=1 shows no ranges: " << toString(nvtx.takeError()) << "\n";
  return std::nullopt;
}

const Nvtx *Nvtx::get() {
  static const std::optional<Nvtx> nvtx = attachAsAsked();
  return nvtx ? &*nvtx : nullptr;
}

} // namespace lighthouse
