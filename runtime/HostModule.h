// SPDX-License-Identifier: Apache-2.0
//
// HostModule: a compiled module loaded into this process, ready to run on the CPU.
#pragma once

#include "runtime/CompiledModule.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"

#include <memory>
#include <vector>

namespace lighthouse {

/// Owns the machine code. Immutable once loaded: any number of threads may run it at once.
class HostModule {
public:
  /// Links the module's code and finds every kernel of its plans in it. Fails when the plans do not hold or a symbol is
  /// missing.
  static llvm::Expected<std::unique_ptr<HostModule>> load(CompiledModule module);

  /// The plan of that name, or nullptr.
  const LaunchPlan *findPlan(llvm::StringRef name) const { return lighthouse::findPlan(plans, name); }
  /// The plan of that name, which must exist.
  const LaunchPlan &plan(llvm::StringRef name) const;

  /// Runs a plan of this module. `args` has one entry for each input, then each output; `workspace` has
  /// plan.workspace_bytes, 64-byte aligned. `range` leaves launches out. `length`: rows of varlen buffers, 1 up to
  /// those of their shape, or 0 for these.
  void run(const LaunchPlan &plan, llvm::ArrayRef<TensorArg> args, void *workspace, int threads, LaunchRange range = {},
           int64_t length = 0) const;

private:
  /// descriptors[i] points to the memref descriptor of the launch's i-th buffer.
  using Kernel = void (*)(const void *const *descriptors, int64_t item);

  HostModule() = default;
  llvm::Error link(std::vector<llvm::SmallVector<char, 0>> code);

  std::vector<LaunchPlan> plans;
  std::vector<std::vector<Kernel>> kernels; ///< by plan and launch
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace lighthouse
