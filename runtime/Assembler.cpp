// SPDX-License-Identifier: Apache-2.0
//
// Assembler: see Assembler.h.
#include "runtime/Assembler.h"

#include "runtime/CudaDriver.h"
#include "runtime/Process.h"
#include "runtime/ThreadPool.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Regex.h"

#include <cstdlib>
#include <map>
#include <mutex>

using namespace llvm;

namespace lighthouse {

//===----------------------------------------------------------------------===//
// Finding
//===----------------------------------------------------------------------===//

namespace {

/// What this process has learnt of where to look, and of what it found.
struct Known {
  std::mutex mutex;
  std::vector<std::string> folders;
  std::map<std::string, std::string> versions; ///< what `ptxas --version` said, by path
};

} // namespace

static Known &known() {
  static auto *state = new Known;
  return *state;
}

static StringRef environment(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

void Assembler::addSearchFolders(ArrayRef<std::string> folders) {
  std::lock_guard lock(known().mutex);
  for (const std::string &folder : folders)
    if (!is_contained(known().folders, folder))
      known().folders.push_back(folder);
}

std::vector<std::string> findToolkitPrograms(StringRef name) {
  std::vector<std::string> folders;
  for (const char *variable : {"CUDA_HOME", "CUDA_PATH"})
    if (StringRef root = environment(variable); !root.empty())
      folders.push_back((root + "/bin").str());
  SmallVector<StringRef, 16> path;
  environment("PATH").split(path, ':', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef folder : path)
    folders.push_back(folder.str());
  folders.emplace_back("/usr/local/cuda/bin");
  {
    std::lock_guard lock(known().mutex);
    append_range(folders, known().folders);
  }
  std::vector<std::string> programs;
  for (const std::string &folder : folders) {
    SmallString<128> program(folder);
    sys::path::append(program, name);
    if (sys::fs::can_execute(program) && !is_contained(programs, program.str()))
      programs.push_back(program.str().str());
  }
  return programs;
}

/// What it answers to --version; empty when it does not run. Asked once a process.
static std::string versionText(const std::string &program) {
  std::lock_guard lock(known().mutex);
  auto [entry, is_new] = known().versions.try_emplace(program);
  if (is_new) {
    Expected<std::string> text = runProgram(program, {"--version"});
    if (text)
      entry->second = *text;
    else
      consumeError(text.takeError());
  }
  return entry->second;
}

std::optional<Assembler> Assembler::inspect(const std::string &program) {
  SmallVector<StringRef, 4> found;
  std::string text = versionText(program);
  int major = 0, minor = 0;
  if (!Regex("V(([0-9]+)\\.([0-9]+)\\.[0-9]+)").match(text, &found) || found[2].getAsInteger(10, major) ||
      found[3].getAsInteger(10, minor))
    return std::nullopt;
  return Assembler(program, found[1].str(), major * 1000 + minor * 10);
}

Expected<std::optional<Assembler>> Assembler::find(const CudaTarget &target, std::optional<int> driver_version) {
  auto fits = [&](const Assembler &each) {
    return each.cuda_version >= target.cuda_version &&
           (!driver_version || each.cuda_version / 1000 <= *driver_version / 1000);
  };
  StringRef named = environment("LIGHTHOUSE_PTXAS");
  if (named == "0")
    return std::nullopt;
  if (!named.empty()) {
    std::optional<Assembler> found = inspect(named.str());
    if (found && fits(*found))
      return found;
    return createStringError("LIGHTHOUSE_PTXAS expects a ptxas of CUDA " + formatCudaVersion(target.cuda_version) +
                             (driver_version ? " to " + std::to_string(*driver_version / 1000) + ".x" : " or later") +
                             " for " + target.arch + ", but got '" + named + "', " +
                             (found ? "of CUDA " + formatCudaVersion(found->cuda_version) : "which is none"));
  }
  for (const std::string &program : findToolkitPrograms("ptxas"))
    if (std::optional<Assembler> found = inspect(program); found && fits(*found))
      return found;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

/// Kernels of a module side by side, for the same machine code. Older ones do not know it.
static constexpr StringLiteral kParallel = "--split-compile=8";

Expected<Assembled> Assembler::assemble(StringRef ptx, const CudaTarget &target) const {
  Expected<TemporaryFile> source = TemporaryFile::create("ptx", ptx);
  if (!source)
    return source.takeError();
  Expected<TemporaryFile> result = TemporaryFile::create("cubin");
  if (!result)
    return result.takeError();
  std::string arch = "-arch=" + target.arch;
  SmallVector<StringRef, 6> arguments = {kParallel, "-v", arch, source->path(), "-o", result->path()};
  Expected<std::string> log = runProgram(program, arguments);
  if (!log) {
    std::string message = toString(log.takeError());
    log = StringRef(message).contains("split-compile") ? runProgram(program, ArrayRef(arguments).drop_front())
                                                       : createStringError(message);
  }
  if (!log)
    return log.takeError();
  Expected<std::string> cubin = result->read();
  if (!cubin)
    return cubin.takeError();
  if (!StringRef(*cubin).starts_with("\x7f"
                                     "ELF"))
    return createStringError(program + ": expects it to write a cubin, but got " + Twine(cubin->size()) +
                             " other bytes");
  return Assembled{SmallVector<char, 0>(cubin->begin(), cubin->end()), std::move(*log)};
}

Expected<std::vector<Assembled>> Assembler::assembleAll(ArrayRef<StringRef> texts, const CudaTarget &target) const {
  std::vector<Assembled> results(texts.size());
  std::vector<std::string> failures(texts.size());
  parallelFor(texts.size(), defaultThreadCount(), [&](int64_t i) {
    if (Expected<Assembled> assembled = assemble(texts[i], target))
      results[i] = std::move(*assembled);
    else
      failures[i] = toString(assembled.takeError());
  });
  for (const std::string &failure : failures)
    if (!failure.empty())
      return createStringError(failure);
  return results;
}

} // namespace lighthouse
