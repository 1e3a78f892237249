// SPDX-License-Identifier: Apache-2.0
//
// Finds the note NT_GNU_BUILD_ID of our own file among those that the loader has mapped.
#include "runtime/BuildId.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#include <cstring>
#include <link.h>

namespace lighthouse {
namespace {

using Header = ElfW(Phdr);
using Note = ElfW(Nhdr);

std::string idInNotes(const char *at, const char *end) {
  while (at + sizeof(Note) <= end) {
    Note note;
    std::memcpy(&note, at, sizeof(note));
    const char *name = at + sizeof(Note);
    const char *description = name + llvm::alignTo(note.n_namesz, 4);
    if (note.n_type == NT_GNU_BUILD_ID && llvm::StringRef(name, note.n_namesz).starts_with("GNU"))
      return llvm::toHex(llvm::StringRef(description, note.n_descsz), /*LowerCase=*/true);
    at = description + llvm::alignTo(note.n_descsz, 4);
  }
  return "";
}

int visit(dl_phdr_info *info, size_t, void *result) {
  llvm::ArrayRef<Header> headers(info->dlpi_phdr, info->dlpi_phnum);
  auto ours = reinterpret_cast<uintptr_t>(&buildId);
  bool found = llvm::any_of(headers, [&](const Header &header) {
    uintptr_t begin = info->dlpi_addr + header.p_vaddr;
    return header.p_type == PT_LOAD && ours >= begin && ours < begin + header.p_memsz;
  });
  if (!found)
    return 0;
  for (const Header &header : headers)
    if (header.p_type == PT_NOTE) {
      // The loader gives addresses as integers. NOLINTNEXTLINE(performance-no-int-to-ptr)
      const char *notes = reinterpret_cast<const char *>(info->dlpi_addr + header.p_vaddr);
      if (std::string id = idInNotes(notes, notes + header.p_memsz); !id.empty())
        *static_cast<std::string *>(result) = id;
    }
  return 1;
}

} // namespace

std::string buildId() {
  static const std::string id = [] {
    std::string found;
    dl_iterate_phdr(visit, &found);
    return found;
  }();
  return id;
}

} // namespace lighthouse
