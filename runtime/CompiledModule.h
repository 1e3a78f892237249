// SPDX-License-Identifier: Apache-2.0
//
// CompiledModule: launch plans and machine code of a spec, and its one-file form.
#pragma once

#include "runtime/LaunchPlan.h"

#include "llvm/ADT/SmallVector.h"

namespace lighthouse {

struct CompiledModule {
  std::string target;              ///< "host:znver4", "cuda:sm_90a"
  std::vector<LaunchPlan> plans;   ///< "forward", "backward"
  llvm::SmallVector<char, 0> code; ///< a relocatable object for the host; PTX, or a cubin, for a GPU
};

/// File form: magic, format version, BLAKE3 of the rest, length-prefixed JSON (target, plans), code.
llvm::SmallVector<char, 0> serialize(const CompiledModule &module);
/// Checks magic, version, lengths and hash before reading anything else; fails with what was wrong.
llvm::Expected<CompiledModule> deserialize(llvm::StringRef bytes);

} // namespace lighthouse
