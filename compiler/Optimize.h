// SPDX-License-Identifier: Apache-2.0
//
// LLVM's optimiser, as every target here runs it.
#pragma once

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace lighthouse {

/// Whether loads and stores may leave loops. Where a kernel's are between barriers, asking for each costs time only.
enum class LoopMemory { Moves, Stays };

/// O2 without the vectorisers and without unrolling: the schedules have done both.
void optimize(llvm::Module &module, llvm::TargetMachine &machine, LoopMemory memory);

} // namespace lighthouse
