// SPDX-License-Identifier: Apache-2.0
//
// AssemblyLog: what ptxas, or the driver's own assembler, tells of the kernels that it made.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lighthouse {

/// What one kernel uses. Bytes are of a thread, but for shared memory, which is of a block and static.
struct KernelUse {
  std::string kernel;
  int64_t registers = 0;
  int64_t stack_bytes = 0;
  int64_t spill_store_bytes = 0;
  int64_t spill_load_bytes = 0;
  int64_t shared_bytes = 0;
  std::vector<std::string> notes = {}; ///< "(C7510) Potential Performance Loss: ..."

  /// Why the assembler itself expects slow code: "spills 8 bytes", or its note that it ignores the registers of roles
  /// or runs products of warpgroups one after another (C7508, C7510 to C7519). Empty where it does not.
  std::string slowness() const;
};

/// The kernels of a verbose log (`ptxas -v`), in its order. Lines that are about something else are left out. A note
/// that names none of the kernels is one of each.
std::vector<KernelUse> parseAssemblyLog(llvm::StringRef log);

} // namespace lighthouse
