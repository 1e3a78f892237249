// SPDX-License-Identifier: Apache-2.0
//
// CompiledOp: see CompiledOp.h.
#include "lighthouse_ops/CompiledOp.h"

#include <fmt/ranges.h>
#include <functional>
#include <numeric>

using namespace llvm;

namespace lighthouse {

/// What kernels expect of the workspace: a cache line, and the widest vector.
static constexpr uintptr_t kWorkspaceAlignment = 64;
/// That of the widest element of scratch memory, which outputs serve as.
static constexpr uintptr_t kOutputAlignment = 4;

const char *name(Direction direction) { return direction == Direction::Forward ? "forward" : "backward"; }

Signature signatureOf(const LaunchPlan &plan) {
  Signature signature;
  signature.workspace_bytes = plan.workspace_bytes;
  for (const Buffer &buffer : plan.buffers)
    if (buffer.role != BufferRole::Workspace)
      signature.arguments.push_back({.name = buffer.name,
                                     .dtype = buffer.dtype,
                                     .shape = buffer.shape,
                                     .is_output = buffer.role == BufferRole::Output,
                                     .strided = buffer.strided,
                                     .varlen = buffer.varlen});
  return signature;
}

std::vector<LaunchInfo> launchesOf(const LaunchPlan &plan) {
  std::vector<LaunchInfo> launches;
  launches.reserve(plan.launches.size());
  for (const Launch &launch : plan.launches)
    launches.push_back({.kernel = launch.kernel,
                        .items = launch.items,
                        .threads = launch.threads,
                        .moved_bytes = launch.moved_bytes,
                        .flops = launch.flops});
  return launches;
}

uintptr_t alignmentOf(const Argument &argument) {
  return argument.is_output ? kOutputAlignment : elementBytes(argument.dtype);
}

CompiledOp::CompiledOp(const Spec &spec, Origin origin, const LaunchPlan &forward, const LaunchPlan &backward)
    : given(spec), found(origin), forward{&forward, signatureOf(forward), launchesOf(forward)},
      backward{&backward, signatureOf(backward), launchesOf(backward)} {}

/// "q, k, v, out"
static std::string namesOf(const Signature &signature) {
  std::string names;
  for (const Argument &argument : signature.arguments)
    names += (names.empty() ? "" : ", ") + argument.name;
  return names;
}

/// Bytes that are an argument's own whatever lies between its rows: all, or the first row of a varlen one.
static int64_t ownBytes(const Argument &argument) {
  if (argument.varlen)
    return argument.shape.back() * elementBytes(argument.dtype);
  return std::accumulate(argument.shape.begin(), argument.shape.end(), elementBytes(argument.dtype),
                         std::multiplies<>());
}

/// Whether the elements fill their memory, in any order of axes; so as many bytes as a row-major tensor has.
static bool isDense(const Argument &argument, const TensorRef &tensor) {
  SmallVector<std::pair<int64_t, int64_t>> axes; // stride, size
  for (auto [stride, size] : zip(tensor.strides, argument.shape))
    if (size > 1)
      axes.emplace_back(stride, size);
  sort(axes);
  int64_t step = 1;
  for (auto [stride, size] : axes) {
    if (stride != step)
      return false;
    step *= size;
  }
  return true;
}

/// Outputs are scratch memory until they are written (Buffer::home), but for varlen ones.
static void checkOutput(const Argument &argument, const TensorRef &tensor) {
  if (!argument.strided || argument.varlen || isDense(argument, tensor))
    return;
  ArrayRef<int64_t> strides = ArrayRef(tensor.strides).take_front(argument.shape.size());
  throw InvalidArgument(fmt::format("{}: expects the strides of an order of axes without gaps or overlap for [{}], as "
                                    "an output is scratch memory until it is written, but got [{}]",
                                    argument.name, fmt::join(argument.shape, ", "), fmt::join(strides, ", ")));
}

static void checkTensor(const Argument &argument, const TensorRef &tensor) {
  if (!tensor.data)
    throw InvalidArgument(
        fmt::format("{}: expects the address of its elements, but got a null pointer", argument.name));
  int64_t innermost = argument.strided ? tensor.strides[argument.shape.size() - 1] : 1;
  if (innermost != 1)
    throw InvalidArgument(fmt::format("{}: expects its last dimension to be contiguous (stride 1), but got stride {}",
                                      argument.name, innermost));
  uintptr_t alignment = alignmentOf(argument);
  if (uintptr_t excess = reinterpret_cast<uintptr_t>(tensor.data) % alignment)
    throw InvalidArgument(fmt::format("{}: expects an address that is a multiple of {}, but got one {} above",
                                      argument.name, alignment, excess));
  if (argument.is_output)
    checkOutput(argument, tensor);
}

/// One output's memory is scratch while another's may hold results.
static void checkApart(const std::vector<Argument> &arguments, std::span<const TensorRef> tensors) {
  SmallVector<std::tuple<uintptr_t, int64_t, StringRef>> outputs; // begin, bytes, name
  for (auto [argument, tensor] : zip(arguments, tensors))
    if (argument.is_output)
      outputs.emplace_back(reinterpret_cast<uintptr_t>(tensor.data), ownBytes(argument), argument.name);
  sort(outputs);
  for (auto [first, second] : zip(outputs, drop_begin(outputs))) {
    auto [begin, bytes, name] = first;
    auto [next, _, other] = second;
    if (next - begin < static_cast<uintptr_t>(bytes))
      throw InvalidArgument(fmt::format("{}: expects memory of its own, but got an address {} bytes behind that of {}, "
                                        "which has {} bytes",
                                        std::string_view(other), next - begin, std::string_view(name), bytes));
  }
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

SmallVector<TensorArg, 16> CompiledOp::check(Direction direction, std::span<const TensorRef> tensors,
                                             const void *workspace) const {
  const Signature &signature = this->signature(direction);
  const std::vector<Argument> &arguments = signature.arguments;
  if (tensors.size() != arguments.size())
    throw InvalidArgument(fmt::format("tensors: expects {} for {} ({}), but got {}", arguments.size(), name(direction),
                                      namesOf(signature), tensors.size()));
  checkWorkspace(signature, workspace);
  SmallVector<TensorArg, 16> args(tensors.size());
  for (size_t index = 0; index < tensors.size(); ++index) {
    checkTensor(arguments[index], tensors[index]);
    args[index].data = tensors[index].data;
    copy(tensors[index].strides, args[index].strides);
  }
  checkApart(arguments, tensors);
  return args;
}

int64_t CompiledOp::lengthOf(const RunOptions &options) const {
  if (options.length == 0)
    return given.seq_len;
  int64_t least = given.varlen ? given.leastLength() : given.seq_len;
  if (options.length < least || options.length > given.seq_len)
    throw InvalidArgument(fmt::format("length: expects {} to {} tokens for [{}], or 0 for all, but got {}", least,
                                      given.seq_len, given.str(), options.length));
  return options.length;
}

LaunchRange CompiledOp::rangeOf(Direction direction, const RunOptions &options) const {
  auto count = static_cast<int64_t>(launches(direction).size());
  int64_t first = options.first_launch, end = options.end_launch == -1 ? count : options.end_launch;
  if (first < 0 || first > end || end > count)
    throw InvalidArgument(fmt::format("launches: expects a range inside 0 to {} for {}, but got {} to {}", count,
                                      name(direction), first, end));
  return {static_cast<size_t>(first), static_cast<size_t>(end)};
}

} // namespace lighthouse
