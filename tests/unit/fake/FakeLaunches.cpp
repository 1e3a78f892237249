// SPDX-License-Identifier: Apache-2.0
//
// The fake driver's launches, graphs of them, and tensor maps.
#include "tests/unit/fake/FakeDriver.h"

#include <algorithm>
#include <utility>

namespace fake {

/// What a launch is noted as; its parameters are read now. With an error's number, none.
static std::pair<CUresult, FakeLaunch> readLaunch(const CUlaunchConfig &config, CUfunction function, void **parameters,
                                                  bool programmatic) {
  auto *kernel = reinterpret_cast<FakeKernel *>(function);
  if (stack.empty() || stack.back() != kernel->module->context)
    return {201, {}};
  if (config.grid_y * config.grid_z * config.block_y * config.block_z != 1 || config.grid_x == 0)
    return {1, {}};
  int allowed = std::max(48 * 1024, kernel->attributes[kMaxDynamicSharedBytes]);
  if (static_cast<int>(config.shared_bytes) > allowed)
    return {1, {}};
  FakeLaunch launch = {kernel->name, stack.back(), config.grid_x, config.block_x, config.shared_bytes, config.stream,
                       {},           {},           programmatic};
  for (size_t i = 0; i < kernel->is_map.size(); ++i) {
    if (kernel->is_map[i])
      launch.maps.push_back(fakeCuda()->encoded.at(static_cast<CUtensorMap *>(parameters[i])->opaque[0]));
    else
      launch.parameters.push_back(*static_cast<uint64_t *>(parameters[i]));
  }
  return {0, std::move(launch)};
}

static void note(CUfunction function, FakeLaunch launch) {
  FakeCuda &fake = *fakeCuda();
  if (launch.block == fake.crash_block)
    fake.failures = {{"cuEventQuery", 700}, {"cuStreamSynchronize", 700}};
  fake.milliseconds += fake.on_launch ? fake.on_launch(*reinterpret_cast<FakeKernel *>(function), launch) : 0.01;
  fake.launches.push_back(std::move(launch));
}

static CUresult noteLaunch(const CUlaunchConfig &config, CUfunction function, void **parameters, bool programmatic) {
  auto [code, launch] = readLaunch(config, function, parameters, programmatic);
  if (code == 0)
    note(function, std::move(launch));
  return code;
}

CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                        unsigned block_y, unsigned block_z, unsigned shared_bytes, CUstream stream, void **parameters,
                        void **) {
  ENTER(cuLaunchKernel);
  CUlaunchConfig config = {grid_x, grid_y, grid_z, block_x, block_y, block_z, shared_bytes, stream, nullptr, 0};
  return noteLaunch(config, function, parameters, false);
}

CUresult cuLaunchKernelEx(const CUlaunchConfig *config, CUfunction function, void **parameters, void **) {
  ENTER(cuLaunchKernelEx);
  bool programmatic = false;
  for (unsigned i = 0; i < config->num_attributes; ++i) {
    if (config->attributes[i].id != kLaunchProgrammatic)
      return 1;
    programmatic = static_cast<int>(config->attributes[i].value[0]) == 1;
  }
  return noteLaunch(*config, function, parameters, programmatic);
}

//===-- Graphs -----------------------------------------------------------===//

struct FakeNode {
  CUfunction function;
  bool alive = true; ///< its graph is
  bool programmatic = false;
  bool has_parameters = false;
  FakeLaunch launch = {};
};

/// A graph, and what is made of it: kernels in a row.
struct FakeGraph {
  std::vector<FakeNode *> nodes;
};

static FakeGraph &toGraph(CUgraph graph) { return *reinterpret_cast<FakeGraph *>(graph); }

CUresult cuGraphCreate(CUgraph *graph, unsigned) {
  ENTER(cuGraphCreate);
  *graph = reinterpret_cast<CUgraph>(new FakeGraph);
  return 0;
}

CUresult cuGraphDestroy(CUgraph graph) {
  ENTER(cuGraphDestroy);
  for (FakeNode *node : toGraph(graph).nodes)
    node->alive = false; // What was made of the graph may still name it.
  delete &toGraph(graph);
  return 0;
}

/// A node's parameters come with cuGraphExecKernelNodeSetParams.
CUresult cuGraphAddKernelNode(CUgraphNode *node, CUgraph graph, const CUgraphNode *, size_t count,
                              const CUkernelNodeParams *params) {
  ENTER(cuGraphAddKernelNode);
  if (count != 0)
    return 1;
  static auto *made = new std::vector<FakeNode *>; // What was instantiated outlives its graph.
  toGraph(graph).nodes.push_back(made->emplace_back(new FakeNode{.function = params->function}));
  *node = reinterpret_cast<CUgraphNode>(toGraph(graph).nodes.back());
  return 0;
}

CUresult cuGraphAddDependencies(CUgraph graph, const CUgraphNode *from, const CUgraphNode *to,
                                const CUgraphEdgeData *edges, size_t count) {
  ENTER(cuGraphAddDependencies);
  auto &nodes = toGraph(graph).nodes;
  auto at = std::find(nodes.begin(), nodes.end(), reinterpret_cast<FakeNode *>(*to));
  if (count != 1 || at == nodes.begin() || at == nodes.end() || at[-1] != reinterpret_cast<FakeNode *>(*from))
    return 1;
  (*at)->programmatic = edges->type == kEdgeProgrammatic && edges->from_port == kEdgeFromProgrammatic;
  return 0;
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec *executable, CUgraph graph, unsigned long long flags) {
  ENTER(cuGraphInstantiateWithFlags);
  *executable = reinterpret_cast<CUgraphExec>(new FakeGraph(toGraph(graph)));
  ++fakeCuda()->graphs;
  return flags == 0 ? 0 : 1;
}

CUresult cuGraphExecKernelNodeSetParams(CUgraphExec, CUgraphNode handle, const CUkernelNodeParams *params) {
  ENTER(cuGraphExecKernelNodeSetParams);
  auto &node = *reinterpret_cast<FakeNode *>(handle);
  if (!node.alive)
    return 1;
  CUlaunchConfig config = {params->grid_x,  params->grid_y,       params->grid_z, params->block_x, params->block_y,
                           params->block_z, params->shared_bytes, nullptr,        nullptr,         0};
  auto [code, launch] = readLaunch(config, params->function, params->parameters, node.programmatic);
  node.launch = std::move(launch);
  node.has_parameters = code == 0;
  return params->function == node.function ? code : 1;
}

CUresult cuGraphLaunch(CUgraphExec executable, CUstream stream) {
  ENTER(cuGraphLaunch);
  for (FakeNode *node : reinterpret_cast<FakeGraph *>(executable)->nodes) {
    if (!node->has_parameters)
      return 1;
    node->launch.stream = stream;
    note(node->function, node->launch);
  }
  return 0;
}

CUresult cuGraphExecDestroy(CUgraphExec executable) {
  ENTER(cuGraphExecDestroy);
  auto *graph = reinterpret_cast<FakeGraph *>(executable);
  delete graph;
  --fakeCuda()->graphs;
  return 0;
}

//===-- Tensor maps ------------------------------------------------------===//

static bool isTensorMap(const FakeTensorMap &map, size_t element_bytes) {
  constexpr size_t kSpans[] = {256 * 16, 32, 64, 128}; // by swizzle
  auto fits = [](const auto &values, auto least, auto most, auto step) {
    return std::all_of(values.begin(), values.end(),
                       [&](auto value) { return value >= least && value <= most && value % step == 0; });
  };
  size_t row = map.box[0] * element_bytes;
  return map.address % 16 == 0 && fits(map.sizes, uint64_t(1), uint64_t(1) << 32, uint64_t(1)) &&
         fits(map.strides, uint64_t(0), (uint64_t(1) << 40) - 1, uint64_t(16)) && fits(map.box, 1u, 256u, 1u) &&
         row % 16 == 0 && map.swizzle >= 0 && map.swizzle <= 3 && row <= kSpans[map.swizzle];
}

/// The rules are those of cuda.h.
CUresult cuTensorMapEncodeTiled(CUtensorMap *map, int data_type, uint32_t rank, void *address, const uint64_t *sizes,
                                const uint64_t *strides, const uint32_t *box, const uint32_t *element_strides,
                                int interleave, int swizzle, int promotion, int fill) {
  ENTER(cuTensorMapEncodeTiled);
  if (reinterpret_cast<uintptr_t>(map) % 64 != 0 || rank < 1 || rank > 5 || interleave != kMapInterleaveNone ||
      std::any_of(element_strides, element_strides + rank, [](uint32_t stride) { return stride != 1; }))
    return 1;
  FakeTensorMap made = {data_type,
                        reinterpret_cast<uintptr_t>(address),
                        {sizes, sizes + rank},
                        {strides, strides + rank - 1},
                        {box, box + rank},
                        swizzle,
                        promotion,
                        fill};
  if (!isTensorMap(made, data_type == kMapFloat32 ? 4 : 2))
    return 1;
  map->opaque[0] = fakeCuda()->encoded.size();
  fakeCuda()->encoded.push_back(std::move(made));
  return 0;
}

} // namespace fake
