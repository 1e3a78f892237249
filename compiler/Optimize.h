// SPDX-License-Identifier: Apache-2.0
//
// LLVM's optimiser, as every target here runs it.
#pragma once

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace lighthouse {

/// O2 without the vectorisers and without unrolling: the schedules have done both.
void optimize(llvm::Module &module, llvm::TargetMachine &machine);

} // namespace lighthouse
