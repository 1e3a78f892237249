// SPDX-License-Identifier: Apache-2.0
//
// AssemblyLog: reads lines such as
//   ptxas info    : Compiling entry function 'attend' for 'sm_90a'
//   ptxas info    : Function properties for attend
//       0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
//   ptxas info    : Used 168 registers, used 9 barriers, 1024 bytes smem
//   ptxas info    : (C7508) Potential Performance Loss: 'setmaxnreg' ignored; unable to determine register count ...
//   ptxas info    : (C7510) Potential Performance Loss: wgmma.mma_async instructions are serialized due to ... 'attend'
#include "runtime/AssemblyLog.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Regex.h"

using namespace llvm;

namespace lighthouse {

/// The number before `what` on a line; nothing where the line does not have it.
static std::optional<int64_t> numberBefore(StringRef line, StringRef what) {
  size_t at = line.find(what);
  if (at == StringRef::npos)
    return std::nullopt;
  StringRef before = line.take_front(at).rtrim();
  int64_t number = 0;
  if (before.substr(before.find_last_not_of("0123456789") + 1).getAsInteger(10, number))
    return std::nullopt;
  return number;
}

static void readNumbers(StringRef line, KernelUse &use) {
  const std::pair<StringRef, int64_t &> fields[] = {{" registers", use.registers},
                                                    {" bytes stack frame", use.stack_bytes},
                                                    {" bytes spill stores", use.spill_store_bytes},
                                                    {" bytes spill loads", use.spill_load_bytes},
                                                    {" bytes smem", use.shared_bytes}};
  for (const auto &[what, field] : fields)
    field = numberBefore(line, what).value_or(field);
}

std::string KernelUse::slowness() const {
  if (spill_store_bytes > 0)
    return "spills " + std::to_string(spill_store_bytes) + " bytes";
  static const Regex slow("^\\(C75(08|1[0-9])\\)");
  auto found = find_if(notes, [](const std::string &note) { return slow.match(note); });
  return found == notes.end() ? "" : *found;
}

std::vector<KernelUse> parseAssemblyLog(StringRef log) {
  static const Regex entry("Compiling entry function '([^']+)'"), code("\\(C[0-9]+\\).*");
  std::vector<KernelUse> uses;
  std::vector<std::string> notes;
  SmallVector<StringRef, 3> found;
  SmallVector<StringRef, 64> lines;
  log.split(lines, '\n');
  for (StringRef line : lines) {
    if (entry.match(line, &found))
      uses.push_back({.kernel = found[1].str()});
    else if (code.match(line, &found))
      notes.push_back(found[0].rtrim().str());
    else if (!uses.empty())
      readNumbers(line, uses.back());
  }
  // Notes stand before the lines of all kernels. Most name theirs; that setmaxnreg is ignored may be about any.
  for (const std::string &note : notes) {
    auto isNamed = [&](const KernelUse &use) { return StringRef(note).contains("'" + use.kernel + "'"); };
    bool named = any_of(uses, isNamed);
    for (KernelUse &use : uses)
      if (!named || isNamed(use))
        use.notes.push_back(note);
  }
  return uses;
}

} // namespace lighthouse
