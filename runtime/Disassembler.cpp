// SPDX-License-Identifier: Apache-2.0
//
// Disassembler: see Disassembler.h.
#include "runtime/Disassembler.h"

#include "runtime/Assembler.h"
#include "runtime/Process.h"

#include <cstdlib>

using namespace llvm;

namespace lighthouse {

Expected<std::string> disassemble(StringRef cubin) {
  Expected<TemporaryFile> file = TemporaryFile::create("cubin", cubin);
  if (!file)
    return file.takeError();
  if (const char *named = std::getenv("LIGHTHOUSE_NVDISASM"); named && *named)
    return runProgram(named, {"-c", file->path()});
  if (std::vector<std::string> found = findToolkitPrograms("nvdisasm"); !found.empty())
    return runProgram(found.front(), {"-c", file->path()});
  if (std::vector<std::string> found = findToolkitPrograms("cuobjdump"); !found.empty())
    return runProgram(found.front(), {"-sass", file->path()});
  return createStringError("expects nvdisasm or cuobjdump of the CUDA toolkit in $CUDA_HOME/bin or on PATH, or "
                           "LIGHTHOUSE_NVDISASM to name the former, but found neither; without a toolkit: pip install "
                           "nvidia-cuda-nvcc nvidia-cuda-nvdisasm, and python -m lighthouse finds them");
}

} // namespace lighthouse
