// SPDX-License-Identifier: Apache-2.0
//
// `lighthouse bench` is the Python package's, whose `lighthouse` runs it before it comes here: it measures the machine
// with torch. Here it is listed among the subcommands, and says where it is.
#include "tools/lib/Cli.h"

using namespace llvm;

namespace lighthouse::cli {

namespace {

struct BenchCommand : Command {
  BenchCommand() : Command("bench", "time each kernel of a spec (of the Python package)") {}

  int run() override {
    return fail(
        "bench: expects the command of the Python package, as it measures with torch, but got this program; run "
        "python -m lighthouse bench, or install the package",
        kBadUsage);
  }
};

} // namespace

Command &benchCommand() {
  static auto *command = new BenchCommand;
  return *command;
}

} // namespace lighthouse::cli
