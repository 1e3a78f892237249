// SPDX-License-Identifier: Apache-2.0
//
// CudaOp: see CudaOp.h.
#include "lighthouse_ops/CudaOp.h"

#include <fmt/format.h>

using namespace llvm;

namespace lighthouse {

/// Kernels read and write 16 bytes of a row at once: every row starts at a multiple of it.
static constexpr int64_t kRowAlignment = 16;

/// plan() of a module that has both.
static const LaunchPlan &planOf(const CudaModule &module, StringRef name) { return *module.findPlan(name); }

CudaOp::CudaOp(const Spec &spec, std::unique_ptr<CudaModule> loaded, Origin origin)
    : CompiledOp(spec, origin, lighthouse::planOf(*loaded, "forward"), lighthouse::planOf(*loaded, "backward")),
      module(std::move(loaded)) {}

Expected<std::shared_ptr<const Op>> CudaOp::load(const Spec &spec, CompiledModule compiled,
                                                 std::shared_ptr<const CudaContext> context, Origin origin) {
  Expected<std::unique_ptr<CudaModule>> module = CudaModule::load(std::move(compiled), std::move(context), spec.str());
  if (!module)
    return module.takeError();
  if (Error error = requirePlans(**module))
    return std::move(error);
  return std::shared_ptr<const Op>(new CudaOp(spec, std::move(*module), origin));
}

Device CudaOp::device() const { return Device::cuda(module->context().device); }

static void checkAlignment(const Argument &argument, const TensorArg &tensor) {
  if (argument.strided && argument.shape.size() < 4) // A number a token (g of packed documents), read one by one.
    return;
  if (uintptr_t excess = reinterpret_cast<uintptr_t>(tensor.data) % kRowAlignment)
    throw InvalidArgument(fmt::format("{}: expects an address that is a multiple of {}, but got one {} above",
                                      argument.name, kRowAlignment, excess));
  int64_t elements = kRowAlignment / elementBytes(argument.dtype);
  for (size_t dim = 0; argument.strided && dim + 1 < argument.shape.size(); ++dim)
    if (argument.shape[dim] > 1 && tensor.strides[dim] % elements != 0)
      throw InvalidArgument(fmt::format("{}: expects strides that are multiples of {} elements ({} bytes), but got {} "
                                        "in dimension {}",
                                        argument.name, elements, kRowAlignment, tensor.strides[dim], dim));
}

void CudaOp::run(Direction direction, std::span<const TensorRef> tensors, void *workspace,
                 const RunOptions &options) const {
  SmallVector<TensorArg, 16> args = check(direction, tensors, workspace);
  const std::vector<Argument> &arguments = signature(direction).arguments;
  for (size_t index = 0; index < args.size(); ++index)
    checkAlignment(arguments[index], args[index]);
  if (Error error = module->run(CompiledOp::planOf(direction), args, workspace, static_cast<CUstream>(options.stream),
                                rangeOf(direction, options), lengthOf(options)))
    throw DeviceError(fmt::format("running [{}] {} on {} failed: {}", spec().str(), name(direction), device().str(),
                                  toString(std::move(error))));
}

} // namespace lighthouse
