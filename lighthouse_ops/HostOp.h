// SPDX-License-Identifier: Apache-2.0
//
// HostOp: an op on the host CPU, from a module loaded into this process; not installed.
#pragma once

#include "lighthouse_ops/CompiledOp.h"
#include "runtime/HostModule.h"

namespace lighthouse {

class HostOp final : public CompiledOp {
public:
  /// Fails when the module does not load or lacks a direction.
  static llvm::Expected<std::shared_ptr<const Op>> load(const Spec &spec, CompiledModule module, Origin origin);

  Device device() const override { return Device::cpu(); }
  void run(Direction direction, std::span<const TensorRef> tensors, void *workspace,
           const RunOptions &options) const override;

private:
  HostOp(const Spec &spec, std::unique_ptr<HostModule> module, Origin origin);

  std::unique_ptr<HostModule> module;
};

} // namespace lighthouse
