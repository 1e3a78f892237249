// SPDX-License-Identifier: Apache-2.0
//
// CudaDriver: NVIDIA's driver library, opened when first needed. Nothing of the CUDA toolkit is used at run time.
#pragma once

#include "runtime/CudaApi.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

#include <string>

namespace lighthouse {

class CudaDriver {
public:
  /// The driver of this process: libcuda.so.1, or the library that LIGHTHOUSE_LIBCUDA names (for tests and unusual
  /// installations), initialised. Fails, each time in the same way, without one or with one that is too old.
  static llvm::Expected<const CudaDriver *> get();
  /// Opens and initialises a library; `get` does that once. It stays open.
  static llvm::Expected<CudaDriver> open(const std::string &library);

  /// The CUDA version that it supports at most: 13000 is 13.0.
  int version() const { return cuda_version; }
  /// Success for CUDA_SUCCESS; else "cuLaunchKernel: CUDA_ERROR_INVALID_VALUE (invalid argument)".
  llvm::Error check(CUresult code, const llvm::Twine &what) const;

// NOLINTNEXTLINE(bugprone-macro-parentheses): a declarator and a parameter list
#define CUDA_ENTRY_POINT_MEMBER(name, version, parameters) CUresult(*name) parameters = nullptr;
  FOR_EACH_CUDA_ENTRY_POINT(CUDA_ENTRY_POINT_MEMBER)
  /// Null in a driver that is too old for them.
  FOR_EACH_OPTIONAL_CUDA_ENTRY_POINT(CUDA_ENTRY_POINT_MEMBER)
#undef CUDA_ENTRY_POINT_MEMBER

private:
  int cuda_version = 0;
};

/// "13.0" for 13000.
std::string formatCudaVersion(int version);

} // namespace lighthouse
