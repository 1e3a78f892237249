// SPDX-License-Identifier: Apache-2.0
//
// `lighthouse tune`: finds the fastest parameters of a spec's kernels on the GPU at hand.
#include "lighthouse_ops/Tuning.h"
#include "tools/lib/SpecOptions.h"

#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace lighthouse::cli {

namespace {

struct TuneCommand : Command {
  TuneCommand() : Command("tune", "find the fastest parameters of a spec's kernels on this machine's GPU") {}

  int run() override {
    if (device < 0)
      return fail("device: expects the number of a GPU, 0 or more, but got " + std::to_string(device), kBadUsage);
    TuneOptions options;
    options.kernels.assign(kernels.begin(), kernels.end());
    options.database = database;
    options.shows_progress = true;
    outs() << tune(spec.spec(), Device::cuda(device), options).str();
    return 0;
  }

  SpecOptions spec{sub};
  cl::list<std::string> kernels{"kernel", cl::desc("search this kernel only; as often as need be (all)"),
                                cl::value_desc("name"), cl::sub(sub), cl::cat(category())};
  cl::opt<int> device{"device",     cl::desc("which GPU (0)"), cl::value_desc("number"), cl::init(0),
                      cl::sub(sub), cl::cat(category())};
  cl::opt<std::string> database{"database",
                                cl::desc("keep the results in this file (that of the GPU's model beside the cache)"),
                                cl::value_desc("file"), cl::sub(sub), cl::cat(category())};
};

} // namespace

Command &tuneCommand() {
  static auto *command = new TuneCommand;
  return *command;
}

} // namespace lighthouse::cli
