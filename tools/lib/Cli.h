// SPDX-License-Identifier: Apache-2.0
//
// The subcommands of `lighthouse`.
#pragma once

#include "llvm/Support/CommandLine.h"

namespace lighthouse::cli {

/// Exit statuses: of a failure, and of a command line that cannot be obeyed.
inline constexpr int kFailed = 1;
inline constexpr int kBadUsage = 2;

/// One subcommand: its options, which LLVM's parser fills, and what it does. Lives as long as the process, as options
/// must.
class Command {
public:
  Command(llvm::StringRef name, llvm::StringRef summary) : sub(name, summary) {}
  virtual ~Command() = default;
  /// Writes its result to llvm::outs() and returns the exit status.
  virtual int run() = 0;

  llvm::cl::SubCommand sub;
};

/// Our options are in this category; LLVM's own stay out of the help.
llvm::cl::OptionCategory &category();

Command &benchCommand();
Command &suggestCommand();
Command &compileCommand();
Command &ptxCommand();
Command &tuneCommand();
Command &infoCommand();
Command &cacheCommand();

/// "lighthouse: error: ..." to stderr. Returns `status`.
int fail(const std::string &message, int status);

/// "1.5 MiB", "120 bytes".
std::string formatBytes(uint64_t bytes);

} // namespace lighthouse::cli
