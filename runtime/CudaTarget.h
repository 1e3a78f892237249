// SPDX-License-Identifier: Apache-2.0
//
// CudaTarget: the NVIDIA GPU architecture that code is compiled for, and what the compiler must know of it.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace lighthouse {

/// What a block takes of a multiprocessor; registers are of a thread, and may be fewer than it will have.
struct BlockNeeds {
  int64_t threads = 0;
  int64_t shared_bytes = 0;
  int64_t registers = 0;
};

struct CudaTarget {
  std::string arch;     ///< "sm_90a"
  int capability = 0;   ///< 10 * major + minor: 90
  int ptx_version = 0;  ///< 80 is PTX 8.0: the lowest that has the architecture
  int cuda_version = 0; ///< 12000 is CUDA 12.0: the first whose driver and ptxas read that PTX
  int driver = 0;       ///< the driver branch that came with it: 525
  /// Whether every run must give the same bits; otherwise attention's gradients may be summed in any order.
  bool deterministic = false;

  // What a multiprocessor has for the blocks on it, and what one block may have of it.
  int64_t shared_bytes_per_block = 0; ///< at most; above 48 KiB once a kernel has asked for it
  int64_t shared_bytes_per_sm = 0;    ///< each block there takes another kReservedSharedBytes
  int64_t registers_per_sm = 65536;   ///< of 32 bits
  int64_t registers_per_thread = 255; ///< at most
  int64_t threads_per_block = 1024;   ///< at most
  int64_t threads_per_sm = 0;
  int64_t warps_per_sm = 0;
  int64_t blocks_per_sm = 0;

  static constexpr int64_t kReservedSharedBytes = 1024;

  /// Why no block with these needs can run, "expects at most 255 registers a thread, but got 272"; empty when one can.
  std::string misfit(const BlockNeeds &needs) const;

  /// "cuda:sm_90a", as in CompiledModule::target.
  std::string name() const { return "cuda:" + arch; }
  /// All that code depends on, for cache keys: architecture, PTX version, determinism.
  std::string key() const;
  /// Whether machine code for this architecture runs on a GPU of that capability.
  bool binaryRunsOn(int major, int minor) const;
  /// Whether that or its PTX does, which the driver compiles: on all later ones too, but for architectures with an "a".
  bool codeRunsOn(int major, int minor) const;

  /// The architecture of that name; fails with the list of those there are (std::errc::invalid_argument).
  static llvm::Expected<CudaTarget> fromArch(llvm::StringRef arch);
  /// The latest architecture whose code runs on a GPU of that capability. Fails below 8.0.
  static llvm::Expected<CudaTarget> fromCapability(int major, int minor);
};

} // namespace lighthouse
