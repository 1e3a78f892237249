// SPDX-License-Identifier: Apache-2.0
//
// launchCosts: bytes and FLOPs of a spec's launches, from its plans, without compiling a kernel.
#include "compiler/Compile.h"
#include "lighthouse_ops/Compilation.h"
#include "lighthouse_ops/CompiledOp.h"
#include "lighthouse_ops/SpecRules.h"
#include "runtime/CudaTarget.h"

using namespace llvm;

namespace lighthouse {

LaunchCosts launchCosts(const Spec &spec, const std::string &arch) {
  spec.validate();
  Expected<CudaTarget> target = CudaTarget::fromArch(arch);
  if (!target)
    throw InvalidArgument(toString(target.takeError()));
  Compilation compilation(canonical(spec));
  std::vector<LaunchPlan> plans = compilation.take(plansForCuda(compilation.stages(), *target));
  return {launchesOf(*findPlan(plans, "forward")), launchesOf(*findPlan(plans, "backward"))};
}

} // namespace lighthouse
