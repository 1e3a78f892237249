// SPDX-License-Identifier: Apache-2.0
//
// Running a program on files that are gone afterwards, and publishing a file in one step.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Error.h"

#include <string>

namespace lighthouse {

/// A new file of this user's in the system's folder for such, removed at the end.
class TemporaryFile {
public:
  static llvm::Expected<TemporaryFile> create(llvm::StringRef suffix, llvm::StringRef content = "");
  ~TemporaryFile();
  TemporaryFile(TemporaryFile &&other) noexcept : name(std::move(other.name)) { other.name.clear(); }
  TemporaryFile &operator=(TemporaryFile &&) = delete;

  llvm::StringRef path() const { return name; }
  llvm::Expected<std::string> read() const;

private:
  TemporaryFile() = default;
  std::string name;
};

/// Of files that were not published yet.
inline constexpr llvm::StringLiteral kUnfinishedSuffix = ".tmp";

/// Writes `bytes` to a new file beside `file` and renames it, so that others see all of it or none. The folder is
/// created.
std::error_code publishFile(llvm::StringRef file, llvm::StringRef bytes);

/// Runs a program to its end and returns what it wrote to stdout and stderr. Fails with that when the exit status is
/// not 0.
llvm::Expected<std::string> runProgram(llvm::StringRef program, llvm::ArrayRef<llvm::StringRef> arguments);

} // namespace lighthouse
