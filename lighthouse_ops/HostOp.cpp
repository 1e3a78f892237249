// SPDX-License-Identifier: Apache-2.0
//
// HostOp: signatures from launch plans, and the checks between a caller's arguments and the launcher.
#include "lighthouse_ops/HostOp.h"

#include "runtime/ThreadPool.h"

#include <fmt/ranges.h>

using namespace llvm;

namespace lighthouse {

/// What kernels expect of the workspace: a cache line, and the widest vector.
static constexpr uintptr_t kWorkspaceAlignment = 64;

static Signature signatureOf(const LaunchPlan &plan) {
  Signature signature;
  signature.workspace_bytes = plan.workspace_bytes;
  for (const Buffer &buffer : plan.buffers)
    if (buffer.role != BufferRole::Workspace)
      signature.arguments.push_back({.name = buffer.name,
                                     .dtype = buffer.dtype,
                                     .shape = buffer.shape,
                                     .is_output = buffer.role == BufferRole::Output,
                                     .strided = buffer.strided});
  return signature;
}

HostOp::HostOp(const Spec &spec, std::unique_ptr<HostModule> loaded, Origin origin)
    : given(spec), found(origin), module(std::move(loaded)) {
  forward = {&module->plan("forward"), signatureOf(module->plan("forward"))};
  backward = {&module->plan("backward"), signatureOf(module->plan("backward"))};
}

Expected<std::shared_ptr<const Op>> HostOp::load(const Spec &spec, CompiledModule compiled, Origin origin) {
  Expected<std::unique_ptr<HostModule>> module = HostModule::load(std::move(compiled));
  if (!module)
    return module.takeError();
  for (StringRef name : {"forward", "backward"})
    if (!(*module)->findPlan(name))
      return createStringError("expects plans forward and backward, but got none named " + name);
  return std::shared_ptr<const Op>(new HostOp(spec, std::move(*module), origin));
}

static const char *name(Direction direction) { return direction == Direction::Forward ? "forward" : "backward"; }

/// "q, k, v, out"
static std::string namesOf(const Signature &signature) {
  std::string names;
  for (const Argument &argument : signature.arguments)
    names += (names.empty() ? "" : ", ") + argument.name;
  return names;
}

static void checkTensor(const Argument &argument, const TensorRef &tensor) {
  if (!tensor.data)
    throw InvalidArgument(
        fmt::format("{}: expects the address of its elements, but got a null pointer", argument.name));
  int64_t innermost = argument.strided ? tensor.strides[argument.shape.size() - 1] : 1;
  if (innermost != 1)
    throw InvalidArgument(fmt::format("{}: expects its last dimension to be contiguous (stride 1), but got stride {}",
                                      argument.name, innermost));
}

static void checkWorkspace(const Signature &signature, const void *workspace) {
  if (signature.workspace_bytes == 0)
    return;
  if (!workspace)
    throw InvalidArgument(
        fmt::format("workspace: expects {} bytes, but got a null pointer", signature.workspace_bytes));
  if (uintptr_t excess = reinterpret_cast<uintptr_t>(workspace) % kWorkspaceAlignment)
    throw InvalidArgument(fmt::format("workspace: expects an address that is a multiple of {}, but got one {} above",
                                      kWorkspaceAlignment, excess));
}

void HostOp::run(Direction direction, std::span<const TensorRef> tensors, void *workspace, int num_threads) const {
  const Function &function = functionOf(direction);
  const std::vector<Argument> &arguments = function.signature.arguments;
  if (tensors.size() != arguments.size())
    throw InvalidArgument(fmt::format("tensors: expects {} for {} ({}), but got {}", arguments.size(), name(direction),
                                      namesOf(function.signature), tensors.size()));
  if (num_threads < 0)
    throw InvalidArgument(
        fmt::format("num_threads: expects at least 1, or 0 for the default, but got {}", num_threads));
  checkWorkspace(function.signature, workspace);
  SmallVector<TensorArg, 16> args(tensors.size());
  for (size_t index = 0; index < tensors.size(); ++index) {
    checkTensor(arguments[index], tensors[index]);
    args[index].data = tensors[index].data;
    copy(tensors[index].strides, args[index].strides);
  }
  module->run(*function.plan, args, workspace, num_threads == 0 ? defaultThreadCount() : num_threads);
}

} // namespace lighthouse
