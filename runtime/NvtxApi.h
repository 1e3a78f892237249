// SPDX-License-Identifier: Apache-2.0
//
// NvtxApi: the part of NVTX's injection protocol that we use; the names in NVIDIA's nvtxTypes.h are in its test.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lighthouse {

using NvtxFunction = void (*)();
/// Gives a module's table: pointers to where functions are kept, and how many.
struct NvtxCallbacks {
  size_t struct_size;
  int (*get_table)(int module, NvtxFunction ***table, unsigned *size);
};
struct NvtxVersion {
  size_t struct_size;
  uint32_t version;
  uint32_t reserved;
  void (*set_injection_version)(uint32_t version);
};
using NvtxGetExport = const void *(*)(uint32_t id);
using NvtxInitialize = int (*)(NvtxGetExport get_export);

enum : uint32_t { kNvtxExportCallbacks = 1, kNvtxExportVersion = 3 };
enum : int { kNvtxModuleCore = 1 };
enum : unsigned { kNvtxRangePushA = 9, kNvtxRangePop = 11, kNvtxCoreSize = 16 };
inline constexpr uint32_t kNvtxVersion = 3;

} // namespace lighthouse
