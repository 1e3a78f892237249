// SPDX-License-Identifier: Apache-2.0
//
// A profiler's library without a profiler: what NVTX_INJECTION64_PATH names in tests. Appends "push NAME" and "pop" to
// the file LIGHTHOUSE_FAKE_NVTX_LOG. LIGHTHOUSE_FAKE_NVTX=refuse attaches to nothing, =marks takes no ranges.
#include "runtime/NvtxApi.h"

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace lighthouse;

static void log(const std::string &line) {
  if (const char *path = std::getenv("LIGHTHOUSE_FAKE_NVTX_LOG"))
    if (std::FILE *file = std::fopen(path, "a")) {
      std::fprintf(file, "%s\n", line.c_str());
      std::fclose(file);
    }
}

static int push(const char *name) {
  log(std::string("push ") + name);
  return 0;
}

static int pop() {
  log("pop");
  return 0;
}

extern "C" {
/// NVIDIA's header has an enumeration where our table's function has an int.
#if defined(__clang__)
[[clang::no_sanitize("function")]]
#endif
int InitializeInjectionNvtx2(NvtxGetExport get_export) {
  const char *how = std::getenv("LIGHTHOUSE_FAKE_NVTX");
  const std::string mode = how ? how : "";
  const auto *version = static_cast<const NvtxVersion *>(get_export(kNvtxExportVersion));
  const auto *callbacks = static_cast<const NvtxCallbacks *>(get_export(kNvtxExportCallbacks));
  constexpr uint32_t no_table = 2;
  NvtxFunction **table = nullptr;
  unsigned size = 0;
  if (mode == "refuse" || version->struct_size < sizeof(NvtxVersion) || version->version != 3 ||
      callbacks->struct_size < sizeof(NvtxCallbacks) || get_export(no_table) ||
      !callbacks->get_table(kNvtxModuleCore, &table, &size) || size != kNvtxCoreSize || table[0])
    return 0;
  if (mode != "marks") {
    *table[kNvtxRangePushA] = reinterpret_cast<NvtxFunction>(push);
    *table[kNvtxRangePop] = reinterpret_cast<NvtxFunction>(pop);
  }
  return 1;
}
} // extern "C"
