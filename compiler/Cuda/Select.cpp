// SPDX-License-Identifier: Apache-2.0
#include "compiler/Cuda/Schedule.h"

using namespace mlir;

namespace lighthouse::cuda {

FailureOr<Grid> scheduleSelect(KernelContext &context) {
  return context.kernel.emitOpError("has no schedule for CUDA yet");
}
FailureOr<Grid> scheduleInvert(KernelContext &context) {
  return context.kernel.emitOpError("has no schedule for CUDA yet");
}

} // namespace lighthouse::cuda
