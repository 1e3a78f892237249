// SPDX-License-Identifier: Apache-2.0
//
// CudaOp: an op on an NVIDIA GPU, from a module loaded into its context; not installed.
#pragma once

#include "lighthouse_ops/CompiledOp.h"
#include "runtime/CudaModule.h"

namespace lighthouse {

class CudaOp final : public CompiledOp {
public:
  /// Fails when the module does not load or lacks a direction.
  static llvm::Expected<std::shared_ptr<const Op>> load(const Spec &spec, CompiledModule module,
                                                        std::shared_ptr<const CudaContext> context, Origin origin);

  Device device() const override;
  void run(Direction direction, std::span<const TensorRef> tensors, void *workspace,
           const RunOptions &options) const override;

private:
  CudaOp(const Spec &spec, std::unique_ptr<CudaModule> module, Origin origin);

  std::unique_ptr<CudaModule> module;
};

} // namespace lighthouse
