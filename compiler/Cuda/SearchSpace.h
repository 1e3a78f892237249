// SPDX-License-Identifier: Apache-2.0
//
// What the tuner asks of the compiler: the parameters of each kernel's schedule, and a kernel with some of them.
#pragma once

#include "lighthouse_ops/Schedules.h"
#include "runtime/LaunchPlan.h"

#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace mlir {
class ModuleOp;
}

namespace lighthouse {

struct CudaTarget;

/// The parameters of a kernel's schedule.
struct SearchSpace {
  std::string kernel;                                     ///< "forward_attend"
  Parameters defaults;                                    ///< every parameter
  std::map<std::string, std::vector<int64_t>> candidates; ///< values worth trying; a subset of the parameters
};

/// The space of every kernel of a module of stage IR, in the order of their launches. The module is consumed.
llvm::Expected<std::vector<SearchSpace>> cudaSearchSpaces(mlir::ModuleOp module, const CudaTarget &target);

/// All combinations of the candidates, the defaults left out.
std::vector<Parameters> candidatesOf(const SearchSpace &space);

/// A kernel compiled by itself.
struct CudaKernel {
  Launch launch;      ///< all but its buffers
  std::string misfit; ///< why the target cannot run it: see CudaTarget::misfit; there is no code then
  std::string ptx;
};

/// Compiles one kernel of a module of stage IR with these parameters in place of its defaults. Fails where the schedule
/// refuses them. The module is consumed.
llvm::Expected<CudaKernel> compileCudaKernel(mlir::ModuleOp module, const CudaTarget &target, const std::string &kernel,
                                             const Parameters &parameters);

} // namespace lighthouse
