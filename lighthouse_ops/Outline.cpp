// SPDX-License-Identifier: Apache-2.0
//
// What is known of a spec's functions from its plans, without compiling a kernel: signatures, and what launches cost.
#include "compiler/Compile.h"
#include "lighthouse_ops/Compilation.h"
#include "lighthouse_ops/CompiledOp.h"
#include "lighthouse_ops/Gpu.h"
#include "lighthouse_ops/SpecRules.h"
#include "runtime/CudaTarget.h"

using namespace llvm;

namespace lighthouse {

static std::vector<LaunchPlan> cudaPlans(const Spec &spec, const CudaTarget &target) {
  Compilation compilation(spec);
  return compilation.take(plansForCuda(compilation.stages(), target));
}

static std::vector<LaunchPlan> hostPlans(const Spec &spec) {
  Compilation compilation(spec);
  return compilation.take(plansForHost(compilation.stages()));
}

Signatures signatures(const Spec &given, Device device, const CompileOptions &options) {
  given.validate();
  Spec spec = canonical(given);
  std::vector<LaunchPlan> plans = device.kind == DeviceKind::Cpu
                                      ? hostPlans(spec)
                                      : cudaPlans(spec, Gpu::openFor(spec, device.ordinal, options).target);
  return {signatureOf(*findPlan(plans, "forward")), signatureOf(*findPlan(plans, "backward"))};
}

LaunchCosts launchCosts(const Spec &spec, const std::string &arch) {
  spec.validate();
  Expected<CudaTarget> target = CudaTarget::fromArch(arch);
  if (!target)
    throw InvalidArgument(toString(target.takeError()));
  std::vector<LaunchPlan> plans = cudaPlans(canonical(spec), *target);
  return {launchesOf(*findPlan(plans, "forward")), launchesOf(*findPlan(plans, "backward"))};
}

} // namespace lighthouse
