// SPDX-License-Identifier: Apache-2.0
//
// LaunchGraph: launches that follow one another, as one graph of the driver.
#pragma once

#include "runtime/CudaContext.h"
#include "runtime/LaunchPlan.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace lighthouse {

/// Kernels in a row, each of which begins when the one before ends, or where it is programmatic, lets it. Their
/// parameters are set before each launch. A launch takes the host a quarter of what as many launches of kernels take.
class LaunchGraph {
public:
  /// Whether a driver can: from CUDA 13 on. Edges may be programmatic since 12.3, but which form of
  /// cuGraphAddDependencies those drivers give by that name was not seen.
  static bool isKnownTo(const CudaDriver &driver);

  /// `launches` of one plan, none of them empty, and their functions; the context is current. Only the first may have
  /// memory to be set to zero, which is left to the caller.
  static llvm::Expected<std::unique_ptr<LaunchGraph>>
  create(const CudaContext &context, llvm::ArrayRef<Launch> launches, llvm::ArrayRef<CUfunction> functions);
  ~LaunchGraph();
  LaunchGraph(const LaunchGraph &) = delete;
  LaunchGraph &operator=(const LaunchGraph &) = delete;

  /// The right to set and launch, for one thread at a time and on the stream of the call before: the driver lets a
  /// graph wait for its own last launch, on whatever stream that is. Holds nothing where the caller does not have it
  /// and has to launch the kernels themselves.
  std::unique_lock<std::mutex> acquire(CUstream stream);

  /// Launches all with the parameters that the function gives for each, as for cuLaunchKernel. Launches under way keep
  /// theirs.
  llvm::Error launch(CUstream stream, llvm::function_ref<llvm::Expected<void **>(const Launch &)> parameters);

  /// Number of launches.
  size_t size() const { return launches.size(); }

private:
  LaunchGraph(const CudaContext &context, llvm::ArrayRef<Launch> launches, llvm::ArrayRef<CUfunction> functions)
      : driver(context.driver), launches(launches), functions(functions) {}
  CUkernelNodeParams paramsOf(size_t index, void **parameters) const;
  llvm::Error add(size_t index);
  llvm::Error check(CUresult code, size_t index, llvm::StringRef what) const;

  const CudaDriver &driver;
  llvm::ArrayRef<Launch> launches;
  llvm::ArrayRef<CUfunction> functions;
  CUgraph graph = nullptr; ///< which the nodes are of, for as long as their parameters are set
  std::vector<CUgraphNode> nodes;
  CUgraphExec executable = nullptr;
  std::mutex mutex;
  std::optional<CUstream> last; ///< stream of the last call
};

} // namespace lighthouse
