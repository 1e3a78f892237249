// SPDX-License-Identifier: Apache-2.0
//
// HostOp: an op on the host CPU, from a module loaded into this process; not installed.
#pragma once

#include "lighthouse_ops/Op.h"
#include "runtime/HostModule.h"

namespace lighthouse {

class HostOp final : public Op {
public:
  /// Fails when the module does not load or lacks a direction.
  static llvm::Expected<std::shared_ptr<const Op>> load(const Spec &spec, CompiledModule module, Origin origin);

  const Spec &spec() const override { return given; }
  const Signature &signature(Direction direction) const override { return functionOf(direction).signature; }
  Origin origin() const override { return found; }
  void run(Direction direction, std::span<const TensorRef> tensors, void *workspace, int num_threads) const override;

private:
  /// A plan of the module, and how callers see it.
  struct Function {
    const LaunchPlan *plan = nullptr;
    Signature signature;
  };

  HostOp(const Spec &spec, std::unique_ptr<HostModule> module, Origin origin);
  const Function &functionOf(Direction direction) const { return direction == Direction::Forward ? forward : backward; }

  Spec given;
  Origin found;
  std::unique_ptr<HostModule> module;
  Function forward, backward;
};

} // namespace lighthouse
