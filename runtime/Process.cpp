// SPDX-License-Identifier: Apache-2.0
//
// Process: see Process.h. llvm::sys::fs::TempFile would do for the files, but installs LLVM's signal handlers in the
// program that loaded us.
#include "runtime/Process.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace lighthouse {

Expected<TemporaryFile> TemporaryFile::create(StringRef suffix, StringRef content) {
  int descriptor = -1;
  SmallString<128> path;
  if (std::error_code code = sys::fs::createTemporaryFile("lighthouse", suffix, descriptor, path))
    return createStringError(code, "cannot make a temporary file");
  TemporaryFile file;
  file.name = path.str().str();
  raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
  stream << content;
  stream.close();
  std::error_code code = stream.error();
  stream.clear_error();
  if (code)
    return createStringError(code, "cannot write " + file.name);
  return file;
}

TemporaryFile::~TemporaryFile() {
  if (!name.empty())
    (void)sys::fs::remove(name);
}

Expected<std::string> TemporaryFile::read() const {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(name);
  if (!buffer)
    return createStringError(buffer.getError(), "cannot read " + name);
  return (*buffer)->getBuffer().str();
}

/// llvm::localCache's own stream would do, but on a full disk it ends the process (its raw_fd_ostream is destroyed with
/// an error pending, which is fatal).
std::error_code publishFile(StringRef file, StringRef bytes) {
  if (std::error_code code = sys::fs::create_directories(sys::path::parent_path(file)))
    return code;
  int descriptor = -1;
  SmallString<128> unfinished;
  if (std::error_code code = sys::fs::createUniqueFile(file + "-%%%%%%%%" + kUnfinishedSuffix, descriptor, unfinished,
                                                       sys::fs::OF_None, sys::fs::owner_read | sys::fs::owner_write))
    return code;
  raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
  stream << bytes;
  stream.close();
  std::error_code code = stream.error();
  stream.clear_error();
  if (!code)
    code = sys::fs::rename(unfinished, file);
  if (code)
    (void)sys::fs::remove(unfinished);
  return code;
}

Expected<std::string> runProgram(StringRef program, ArrayRef<StringRef> arguments) {
  Expected<TemporaryFile> output = TemporaryFile::create("txt");
  if (!output)
    return output.takeError();
  SmallVector<StringRef, 8> argv = {program};
  argv.append(arguments.begin(), arguments.end());
  std::optional<StringRef> redirects[] = {StringRef(""), output->path(), output->path()};
  std::string reason;
  int status = sys::ExecuteAndWait(program, argv, /*Env=*/std::nullopt, redirects, /*SecondsToWait=*/0,
                                   /*MemoryLimit=*/0, &reason);
  Expected<std::string> text = output->read();
  if (!text)
    return text.takeError();
  if (status == 0)
    return text;
  return createStringError(program + (reason.empty() ? " ended with status " + std::to_string(status) : ": " + reason) +
                           (text->empty() ? "" : "\n" + *text));
}

} // namespace lighthouse
