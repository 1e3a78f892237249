// SPDX-License-Identifier: Apache-2.0
//
// `lighthouse tune`: finds the fastest parameters of a spec's kernels on the GPU at hand.
#include "lighthouse_ops/Tuning.h"
#include "tools/lib/SpecOptions.h"

#include "llvm/Support/raw_ostream.h"

#include <sys/wait.h>
#include <unistd.h>

using namespace llvm;

namespace lighthouse::cli {

namespace {

/// Of a process whose GPU context a candidate took down.
constexpr int kContextLost = 3;

struct TuneCommand : Command {
  TuneCommand() : Command("tune", "find the fastest parameters of a spec's kernels on this machine's GPU") {}

  /// A process can't use the GPU after a crash of a kernel, so the search has one of its own, and another after a
  /// crash.
  int run() override {
    if (device < 0)
      return fail("device: expects the number of a GPU, 0 or more, but got " + std::to_string(device), kBadUsage);
    for (int status = kContextLost;;) {
      outs().flush();
      pid_t child = fork();
      if (child < 0)
        return fail("cannot start a process for the search", kFailed);
      if (child == 0) {
        status = search();
        outs().flush();
        bool is_written = !outs().has_error();
        outs().clear_error();
        _exit(is_written ? status : fail("cannot write to stdout", kFailed));
      }
      if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return fail("the search was killed", kFailed);
      if (WEXITSTATUS(status) != kContextLost)
        return WEXITSTATUS(status);
    }
  }

  SpecOptions spec{sub};
  cl::list<std::string> kernels{"kernel", cl::desc("search this kernel only; as often as need be (all)"),
                                cl::value_desc("name"), cl::sub(sub), cl::cat(category())};
  cl::opt<int> device{"device",     cl::desc("which GPU (0)"), cl::value_desc("number"), cl::init(0),
                      cl::sub(sub), cl::cat(category())};
  cl::opt<bool> deterministic{"deterministic", cl::desc("the kernels of code whose every run gives the same bits"),
                              cl::sub(sub), cl::cat(category())};
  cl::opt<std::string> database{"database",
                                cl::desc("keep the results in this file (that of the GPU's model beside the cache)"),
                                cl::value_desc("file"), cl::sub(sub), cl::cat(category())};

private:
  int search() const {
    TuneOptions options;
    options.kernels.assign(kernels.begin(), kernels.end());
    options.database = database;
    options.shows_progress = true;
    options.compile.deterministic = deterministic;
    try {
      outs() << tune(spec.spec(), Device::cuda(device), options).str();
      return 0;
    } catch (const InvalidArgument &error) {
      return fail(error.what(), kBadUsage);
    } catch (const ContextLost &error) {
      errs() << "lighthouse: warning: " << error.what() << "\n";
      return error.is_recorded ? kContextLost : kFailed;
    } catch (const std::exception &error) {
      return fail(error.what(), kFailed);
    }
  }
};

} // namespace

Command &tuneCommand() {
  static auto *command = new TuneCommand;
  return *command;
}

} // namespace lighthouse::cli
