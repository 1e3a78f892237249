// SPDX-License-Identifier: Apache-2.0
//
// HostOp: see HostOp.h.
#include "lighthouse_ops/HostOp.h"

#include "runtime/ThreadPool.h"

#include <fmt/format.h>

using namespace llvm;

namespace lighthouse {

HostOp::HostOp(const Spec &spec, std::unique_ptr<HostModule> loaded, Origin origin)
    : CompiledOp(spec, origin, loaded->plan("forward"), loaded->plan("backward")), module(std::move(loaded)) {}

Expected<std::shared_ptr<const Op>> HostOp::load(const Spec &spec, CompiledModule compiled, Origin origin) {
  Expected<std::unique_ptr<HostModule>> module = HostModule::load(std::move(compiled));
  if (!module)
    return module.takeError();
  if (Error error = requirePlans(**module))
    return std::move(error);
  return std::shared_ptr<const Op>(new HostOp(spec, std::move(*module), origin));
}

void HostOp::run(Direction direction, std::span<const TensorRef> tensors, void *workspace,
                 const RunOptions &options) const {
  if (options.num_threads < 0)
    throw InvalidArgument(
        fmt::format("num_threads: expects at least 1, or 0 for the default, but got {}", options.num_threads));
  int num_threads = options.num_threads == 0 ? defaultThreadCount() : options.num_threads;
  module->run(planOf(direction), check(direction, tensors, workspace), workspace, num_threads,
              rangeOf(direction, options), lengthOf(options));
}

} // namespace lighthouse
