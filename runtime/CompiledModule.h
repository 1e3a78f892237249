// SPDX-License-Identifier: Apache-2.0
//
// CompiledModule: launch plans and machine code of a spec, and its one-file form.
#pragma once

#include "runtime/LaunchPlan.h"

#include "llvm/ADT/SmallVector.h"

namespace lighthouse {

struct CompiledModule {
  std::string target;            ///< "host:znver4", "cuda:sm_90a"
  std::vector<LaunchPlan> plans; ///< "forward", "backward"
  /// One a kernel: relocatable objects for the host; for a GPU all PTX or all cubins.
  std::vector<llvm::SmallVector<char, 0>> code;
};

/// Whether there is code and it is machine code: objects for the host or cubins, and not PTX.
bool isMachineCode(const CompiledModule &module);

/// File form: magic, format version, BLAKE3 of the rest, then length-prefixed: JSON (target, plans), each object of
/// code.
llvm::SmallVector<char, 0> serialize(const CompiledModule &module);
/// Checks magic, version, lengths and hash before reading anything else; fails with what was wrong.
llvm::Expected<CompiledModule> deserialize(llvm::StringRef bytes);

} // namespace lighthouse
