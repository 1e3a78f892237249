// SPDX-License-Identifier: Apache-2.0
//
// `lighthouse bench` and `lighthouse suggest` are the Python package's, whose `lighthouse` runs them before it comes
// here: one measures the machine with torch, the other draws. Here they are listed among the subcommands, and say where
// they are.
#include "tools/lib/Cli.h"

using namespace llvm;

namespace lighthouse::cli {

namespace {

struct PythonCommand : Command {
  using Command::Command;

  int run() override {
    std::string name = sub.getName().str();
    return fail(name + ": expects the command of the Python package, but got this program; run python -m lighthouse " +
                    name + ", or install the package",
                kBadUsage);
  }
};

} // namespace

Command &benchCommand() {
  static auto *command = new PythonCommand("bench", "time each kernel of a spec (of the Python package)");
  return *command;
}

Command &suggestCommand() {
  static auto *command =
      new PythonCommand("suggest", "settings worth trying for a length, by time and coverage (of the Python package)");
  return *command;
}

} // namespace lighthouse::cli
