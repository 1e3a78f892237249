// SPDX-License-Identifier: Apache-2.0
//
// The command `lighthouse`: parses, runs the subcommand, turns exceptions into messages. Also called from Python, in
// whose process it must not end anything.
#include "lighthouse_ops/Op.h"
#include "tools/lib/Cli.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/raw_ostream.h"

#include <array>
#include <fmt/format.h>

using namespace llvm;

namespace lighthouse::cli {

cl::OptionCategory &category() {
  static cl::OptionCategory ours("Options");
  return ours;
}

int fail(const std::string &message, int status) {
  outs().flush();
  errs() << "lighthouse: error: " << message << "\n";
  return status;
}

std::string formatBytes(uint64_t bytes) {
  if (bytes < 1024)
    return fmt::format("{} bytes", bytes);
  double value = static_cast<double>(bytes);
  const char *unit = "";
  for (const char *larger : {"KiB", "MiB", "GiB", "TiB"}) {
    if (value < 1023.95) // prints as less than 1024.0
      break;
    value /= 1024;
    unit = larger;
  }
  return fmt::format("{:.1f} {}", value, unit);
}

static void printVersion(raw_ostream &stream) {
  stream << fmt::format("lighthouse {} (LLVM {})\n", version(), LLVM_VERSION_STRING);
}

static int runChosen(ArrayRef<Command *> commands) {
  for (Command *command : commands)
    if (command->sub)
      return command->run();
  cl::PrintHelpMessage();
  return fail("expects a subcommand: compile, ptx, bench, suggest, tune, info or cache", kBadUsage);
}

static int parseAndRun(int argc, char **argv) {
  const std::array<Command *, 7> commands = {&compileCommand(), &ptxCommand(),  &benchCommand(), &suggestCommand(),
                                             &tuneCommand(),    &infoCommand(), &cacheCommand()};
  for (Command *command : {&benchCommand(), &suggestCommand()}) // their options are not parsed here
    if (argc > 1 && command->sub.getName() == argv[1])
      return command->run();
  cl::SetVersionPrinter(printVersion);
  cl::HideUnrelatedOptions(category());
  for (Command *command : commands)
    cl::HideUnrelatedOptions(category(), command->sub);
  cl::ResetAllOptionOccurrences();
  if (!cl::ParseCommandLineOptions(argc, argv, "Lighthouse Attention: compiler and its cache\n", &errs())) {
    errs() << "lighthouse: 'lighthouse --help' lists the subcommands, 'lighthouse <subcommand> --help' its options\n";
    return kBadUsage;
  }
  return runChosen(commands);
}

/// Output that could not be written is a failure; left pending, it would abort the process at its end.
static int finish(int status) {
  outs().flush();
  if (!outs().has_error())
    return status;
  std::string reason = outs().error().message();
  outs().clear_error();
  return fail("cannot write to stdout: " + reason, kFailed);
}

} // namespace lighthouse::cli

int lighthouse_main(int argc, char **argv) {
  using namespace lighthouse::cli;
  try {
    return finish(parseAndRun(argc, argv));
  } catch (const lighthouse::InvalidArgument &error) {
    return finish(fail(error.what(), kBadUsage));
  } catch (const std::exception &error) {
    return finish(fail(error.what(), kFailed));
  }
}
