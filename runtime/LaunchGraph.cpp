// SPDX-License-Identifier: Apache-2.0
//
// LaunchGraph: see LaunchGraph.h.
#include "runtime/LaunchGraph.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

#include <type_traits>
#include <utility>

using namespace llvm;

namespace lighthouse {

static constexpr int kLeastVersion = 13000;
/// The most parameters of a buffer: its address, its strides, its rows.
static constexpr size_t kOfABuffer = 2 + std::extent_v<decltype(TensorArg::strides)>;

bool LaunchGraph::isKnownTo(const CudaDriver &driver) {
  return driver.version() >= kLeastVersion && driver.cuGraphAddDependencies;
}

Expected<std::unique_ptr<LaunchGraph>> LaunchGraph::create(const CudaContext &context, ArrayRef<Launch> launches,
                                                           ArrayRef<CUfunction> functions) {
  std::unique_ptr<LaunchGraph> made(new LaunchGraph(context, launches, functions));
  const CudaDriver &driver = context.driver;
  if (Error error = driver.check(driver.cuGraphCreate(&made->graph, 0), "cuGraphCreate"))
    return std::move(error);
  for (size_t index = 0; index < launches.size(); ++index)
    if (Error error = made->add(index))
      return std::move(error);
  if (Error error = driver.check(driver.cuGraphInstantiateWithFlags(&made->executable, made->graph, 0),
                                 "kernel '" + launches.front().kernel + "' and those behind it: cuGraphInstantiate"))
    return std::move(error);
  return made;
}

LaunchGraph::~LaunchGraph() {
  if (executable)
    driver.cuGraphExecDestroy(executable);
  if (graph)
    driver.cuGraphDestroy(graph);
}

Error LaunchGraph::check(CUresult code, size_t index, StringRef what) const {
  if (code == kCudaSuccess)
    return Error::success();
  return driver.check(code, describe(launches[index]) + ": " + what);
}

CUkernelNodeParams LaunchGraph::paramsOf(size_t index, void **parameters) const {
  const Launch &launch = launches[index];
  CUkernelNodeParams params = {};
  params.function = functions[index];
  params.grid_x = static_cast<unsigned>(launch.items);
  params.block_x = static_cast<unsigned>(launch.threads);
  params.grid_y = params.grid_z = params.block_y = params.block_z = 1;
  params.shared_bytes = static_cast<unsigned>(launch.shared_bytes);
  params.parameters = parameters;
  return params;
}

Error LaunchGraph::add(size_t index) {
  // Values come before the first launch.
  static CUtensorMap zeros = {};
  const Launch &launch = launches[index];
  SmallVector<void *, 64> parameters(kOfABuffer * launch.buffers.size() + launch.maps.size(), &zeros);
  CUkernelNodeParams params = paramsOf(index, parameters.data());
  CUgraphNode node = nullptr;
  if (Error error =
          check(driver.cuGraphAddKernelNode(&node, graph, nullptr, 0, &params), index, "cuGraphAddKernelNode"))
    return error;
  nodes.push_back(node);
  if (index == 0)
    return Error::success();
  CUgraphEdgeData edge = {};
  if (launch.programmatic)
    edge = {kEdgeFromProgrammatic, 0, kEdgeProgrammatic, {}};
  return check(driver.cuGraphAddDependencies(graph, &nodes[index - 1], &nodes[index], &edge, 1), index,
               "cuGraphAddDependencies");
}

std::unique_lock<std::mutex> LaunchGraph::acquire(CUstream stream) {
  std::unique_lock lock(mutex, std::try_to_lock);
  if (!lock)
    return lock;
  if (std::exchange(last, stream) != stream)
    lock.unlock();
  return lock;
}

Error LaunchGraph::launch(CUstream stream, function_ref<Expected<void **>(const Launch &)> parameters) {
  for (auto [index, launch] : enumerate(launches)) {
    Expected<void **> given = parameters(launch);
    if (!given)
      return given.takeError();
    CUkernelNodeParams params = paramsOf(index, *given);
    if (Error error = check(driver.cuGraphExecKernelNodeSetParams(executable, nodes[index], &params), index,
                            "cuGraphExecKernelNodeSetParams"))
      return error;
  }
  CUresult code = driver.cuGraphLaunch(executable, stream);
  if (code == kCudaSuccess)
    return Error::success();
  return driver.check(code, "kernel '" + launches.front().kernel + "' and " + Twine(launches.size() - 1) +
                                " behind it: cuGraphLaunch");
}

} // namespace lighthouse
