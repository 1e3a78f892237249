// SPDX-License-Identifier: Apache-2.0
//
// CudaModule: a compiled module loaded into a GPU's context, ready to launch.
#pragma once

#include "runtime/AssemblyLog.h"
#include "runtime/CompiledModule.h"
#include "runtime/CudaContext.h"
#include "runtime/LaunchGraph.h"

#include <atomic>

namespace lighthouse {

/// Owns the machine code, and with it the context that the code lies in. Any number of threads may run it at once.
class CudaModule {
public:
  /// Loads PTX, which the driver compiles, several objects at a time, or cubins, and finds every kernel of the plans in
  /// them. Fails when the plans do not hold, the driver refuses an object, or a kernel is missing or not fit for its
  /// launch. `label` is what profilers show behind a kernel's name (Nvtx.h).
  static llvm::Expected<std::unique_ptr<CudaModule>>
  load(CompiledModule module, std::shared_ptr<const CudaContext> context, llvm::StringRef label = "");
  ~CudaModule();
  CudaModule(const CudaModule &) = delete;
  CudaModule &operator=(const CudaModule &) = delete;

  /// The plan of that name, or nullptr.
  const LaunchPlan *findPlan(llvm::StringRef name) const { return lighthouse::findPlan(plans, name); }

  /// Launches a plan of this module on a stream; `args` and `workspace` are device memory, as for HostModule::run.
  /// Allocates nothing on the device and waits for nothing, so it may be captured into a graph. What is captured keeps
  /// the machine code loaded for the rest of the process. `range` and `length` as for HostModule::run. From CUDA 13 on,
  /// calls of all of a plan that follow one on the same stream launch graphs (LaunchGraph.h): not captured ones, none
  /// at the same time as another, and none where ranges are asked for.
  llvm::Error run(const LaunchPlan &plan, llvm::ArrayRef<TensorArg> args, void *workspace, CUstream stream,
                  LaunchRange range = {}, int64_t length = 0) const;

  /// What each kernel uses, by the driver: registers, local memory as stack, static shared memory. With PTX also what
  /// its assembler's log tells.
  llvm::ArrayRef<KernelUse> uses() const { return kernel_uses; }
  /// The driver's log of loading, of all objects.
  llvm::StringRef log() const { return load_log; }
  const CudaContext &context() const { return *home; }

private:
  explicit CudaModule(std::shared_ptr<const CudaContext> context) : home(std::move(context)) {}
  llvm::Error loadCode(std::vector<llvm::SmallVector<char, 0>> code, int threads);
  llvm::Expected<CUfunction> find(llvm::StringRef kernel);
  llvm::Expected<CUfunction> prepare(const Launch &launch);
  llvm::Error makeGraphs();
  LaunchGraph *graphAt(size_t plan, size_t launch) const {
    return graphs.empty() ? nullptr : graphs[plan][launch].get();
  }

  std::shared_ptr<const CudaContext> home;
  std::vector<CUmodule> modules; ///< one an object
  std::vector<LaunchPlan> plans;
  std::vector<std::vector<CUfunction>> functions;    ///< by plan and launch
  std::vector<std::vector<std::string>> range_names; ///< the same; empty unless ranges are asked for
  /// The same, each where its first launch is; empty where the driver knows none.
  std::vector<std::vector<std::unique_ptr<LaunchGraph>>> graphs;
  std::vector<KernelUse> kernel_uses;
  std::string load_log;
  mutable std::atomic<bool> is_captured = false;
};

} // namespace lighthouse
