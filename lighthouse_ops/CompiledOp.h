// SPDX-License-Identifier: Apache-2.0
//
// CompiledOp: what ops on every device share: signatures from launch plans, and the checks between a caller's arguments
// and the launcher; not installed.
#pragma once

#include "lighthouse_ops/Op.h"
#include "runtime/LaunchPlan.h"

#include "llvm/ADT/SmallVector.h"

namespace lighthouse {

const char *name(Direction direction);
Signature signatureOf(const LaunchPlan &plan);
std::vector<LaunchInfo> launchesOf(const LaunchPlan &plan);
/// Bytes, a multiple of which an argument's elements start at on any device.
uintptr_t alignmentOf(const Argument &argument);

class CompiledOp : public Op {
public:
  const Spec &spec() const final { return given; }
  const Signature &signature(Direction direction) const final { return functionOf(direction).signature; }
  const std::vector<LaunchInfo> &launches(Direction direction) const final { return functionOf(direction).launches; }
  Origin origin() const final { return found; }

protected:
  /// The plans live as long as the op.
  CompiledOp(const Spec &spec, Origin origin, const LaunchPlan &forward, const LaunchPlan &backward);

  const LaunchPlan &planOf(Direction direction) const { return *functionOf(direction).plan; }
  /// The arguments as the launcher takes them. Throws InvalidArgument for a wrong count, a null pointer, a last
  /// dimension with steps or a misaligned workspace.
  llvm::SmallVector<TensorArg, 16> check(Direction direction, std::span<const TensorRef> tensors,
                                         const void *workspace) const;

  /// The launches that the options ask for. Throws InvalidArgument for some that the function has not.
  LaunchRange rangeOf(Direction direction, const RunOptions &options) const;

  /// Tokens of the call. Throws InvalidArgument for a length that the spec has no code for.
  int64_t lengthOf(const RunOptions &options) const;

  /// Fails unless a loaded module has both plans.
  template <typename Module> static llvm::Error requirePlans(const Module &module) {
    for (llvm::StringRef name : {"forward", "backward"})
      if (!module.findPlan(name))
        return llvm::createStringError("expects plans forward and backward, but got none named " + name);
    return llvm::Error::success();
  }

private:
  /// A plan of the module, and how callers see it.
  struct Function {
    const LaunchPlan *plan = nullptr;
    Signature signature;
    std::vector<LaunchInfo> launches;
  };

  const Function &functionOf(Direction direction) const { return direction == Direction::Forward ? forward : backward; }

  Spec given;
  Origin found;
  Function forward, backward;
};

} // namespace lighthouse
