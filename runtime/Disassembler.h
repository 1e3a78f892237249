// SPDX-License-Identifier: Apache-2.0
//
// Disassembler: SASS as text, by NVIDIA's tools.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace lighthouse {

/// The SASS of a cubin, by nvdisasm or cuobjdump from where ptxas is looked for (Assembler.h), or by the nvdisasm that
/// LIGHTHOUSE_NVDISASM names. Fails when there is neither.
llvm::Expected<std::string> disassemble(llvm::StringRef cubin);

} // namespace lighthouse
