// SPDX-License-Identifier: Apache-2.0
//
// Assembler: ptxas where this machine has one. Without, the driver compiles PTX.
#pragma once

#include "runtime/CudaTarget.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>
#include <vector>

namespace lighthouse {

/// Machine code, and what the assembler said of it: see AssemblyLog.h.
struct Assembled {
  llvm::SmallVector<char, 0> cubin;
  std::string log;
};

class Assembler {
public:
  /// The first ptxas that reads the target's PTX, out of: LIGHTHOUSE_PTXAS (which must do; 0 turns ptxas off),
  /// $CUDA_HOME/bin, $CUDA_PATH/bin, PATH, /usr/local/cuda/bin, and the folders of `addSearchFolders`. With a driver's
  /// CUDA version, only one whose machine code that driver loads: of its major version or an earlier one.
  static llvm::Expected<std::optional<Assembler>> find(const CudaTarget &target,
                                                       std::optional<int> driver_version = std::nullopt);
  /// Folders to look for ptxas in after all others, for example of PyPI's nvidia-cuda-nvcc.
  static void addSearchFolders(llvm::ArrayRef<std::string> folders);

  /// Runs ptxas. The error has its output.
  llvm::Expected<Assembled> assemble(llvm::StringRef ptx, const CudaTarget &target) const;
  /// The same for several texts, as many at a time as there are cores. The error is the first of them.
  llvm::Expected<std::vector<Assembled>> assembleAll(llvm::ArrayRef<llvm::StringRef> texts,
                                                     const CudaTarget &target) const;

  llvm::StringRef path() const { return program; }
  /// "ptxas 13.0.88", for cache keys.
  std::string identity() const { return "ptxas " + version; }

private:
  Assembler(std::string program, std::string version, int cuda_version)
      : program(std::move(program)), version(std::move(version)), cuda_version(cuda_version) {}
  /// What a file says it is; nothing for one that is no ptxas.
  static std::optional<Assembler> inspect(const std::string &program);

  std::string program;
  std::string version;
  int cuda_version; ///< 13000 is CUDA 13.0
};

/// A tool of the CUDA toolkit in the places where `Assembler::find` looks, in that order.
std::vector<std::string> findToolkitPrograms(llvm::StringRef name);

} // namespace lighthouse
