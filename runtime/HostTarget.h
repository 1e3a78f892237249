// SPDX-License-Identifier: Apache-2.0
//
// HostTarget: the CPU that code is compiled for, and what the compiler must know of it.
#pragma once

#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace lighthouse {

struct HostTarget {
  std::string triple;       ///< "x86_64-pc-linux-gnu"
  std::string cpu;          ///< "znver4"
  std::string features;     ///< "+avx,+avx2,-sse4a,...", sorted
  int64_t vector_lanes = 4; ///< float32 elements of a vector register
  int64_t vector_registers = 16;
  bool has_fma = false;
  bool has_f16c = false; ///< float16 to and from float32 in one instruction
  bool has_avx512bf16 = false;
  bool has_amx = false; ///< products of bfloat16 tiles, and the system lets this process use them

  /// "host:znver4", as in CompiledModule::target.
  std::string name() const { return "host:" + cpu; }
  /// All that code depends on, for cache keys: triple, CPU and features.
  std::string key() const { return triple + ";" + cpu + ";" + features; }

  /// The CPU at hand, or the one that LIGHTHOUSE_HOST_CPU names (x86-64 only; for example "x86-64-v3", to try other
  /// code paths). Fails when this machine cannot run code for that one, listing the names that fit.
  static llvm::Expected<HostTarget> detect();
};

} // namespace lighthouse
