// SPDX-License-Identifier: Apache-2.0
//
// Nvtx: named ranges on the timeline of NVIDIA's profilers.
#pragma once

#include "llvm/Support/Error.h"

namespace lighthouse {

/// The two functions of NVTX that we call, as the profiler filled them in. NVTX is no library: a profiler names one of
/// its own in NVTX_INJECTION64_PATH, and whoever has ranges to show hands it a table of functions to fill. NVIDIA's
/// headers hold the same protocol with all 60 functions; these lines spare a build dependency.
class Nvtx {
public:
  /// Null unless LIGHTHOUSE_NVTX=1 asks for ranges and a profiler takes them. Decided once a process.
  static const Nvtx *get();
  /// Lets the profiler's library fill the table in. Fails when it does not open, is no such library, or refuses.
  static llvm::Expected<Nvtx> attach(const std::string &library);

  int (*push)(const char *name) = nullptr;
  int (*pop)() = nullptr;
};

/// A range of this thread, from here to the end of the scope.
class NvtxRange {
public:
  NvtxRange(const Nvtx &nvtx, const char *name) : nvtx(nvtx) { nvtx.push(name); }
  ~NvtxRange() { nvtx.pop(); }
  NvtxRange(const NvtxRange &) = delete;
  NvtxRange &operator=(const NvtxRange &) = delete;

private:
  const Nvtx &nvtx;
};

} // namespace lighthouse
