// SPDX-License-Identifier: Apache-2.0
//
// Seal: see Seal.h.
#include "runtime/Seal.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"

#include <cassert>
#include <cstring>

using namespace llvm;

namespace lighthouse {

static Error refuse(const SealKind &kind, const Twine &message) {
  return createStringError(Twine(kind.what) + " " + message);
}

SmallVector<char, 0> seal(const SealKind &kind, StringRef payload) {
  assert(std::strlen(kind.magic) == 4 && "a magic has four characters");
  BLAKE3Result<> hash = BLAKE3::hash(arrayRefFromStringRef(payload));
  SmallVector<char, 0> bytes;
  bytes.resize(kSealBytes);
  std::memcpy(bytes.data(), kind.magic, 4);
  support::endian::write32le(bytes.data() + 4, kind.version);
  support::endian::write64le(bytes.data() + 8, payload.size());
  std::memcpy(bytes.data() + 16, hash.data(), hash.size());
  bytes.append(payload.begin(), payload.end());
  return bytes;
}

Expected<StringRef> unseal(const SealKind &kind, StringRef bytes) {
  if (bytes.size() < kSealBytes)
    return refuse(kind, formatv("expects at least {0} bytes, but got {1}", kSealBytes, bytes.size()));
  if (bytes.take_front(4) != kind.magic)
    return refuse(kind, formatv("expects the magic {0}, but got other bytes", kind.magic));
  uint32_t version = support::endian::read32le(bytes.data() + 4);
  if (version != kind.version)
    return refuse(kind, formatv("expects format version {0}, but got {1}", kind.version, version));
  StringRef payload = bytes.drop_front(kSealBytes);
  uint64_t length = support::endian::read64le(bytes.data() + 8);
  if (payload.size() != length)
    return refuse(kind, formatv("expects {0} bytes after its header, but got {1}", length, payload.size()));
  BLAKE3Result<> hash = BLAKE3::hash(arrayRefFromStringRef(payload));
  if (std::memcmp(bytes.data() + 16, hash.data(), hash.size()) != 0)
    return refuse(kind, "expects its content to match its BLAKE3 hash, but it does not: the file was changed");
  return payload;
}

void appendBlob(SmallVectorImpl<char> &out, StringRef blob) {
  char length[8];
  support::endian::write64le(length, blob.size());
  out.append(std::begin(length), std::end(length));
  out.append(blob.begin(), blob.end());
}

bool takeBlob(StringRef &bytes, StringRef &blob) {
  if (bytes.size() < 8)
    return false;
  uint64_t length = support::endian::read64le(bytes.data());
  if (bytes.size() - 8 < length)
    return false;
  blob = bytes.substr(8, length);
  bytes = bytes.drop_front(8 + length);
  return true;
}

} // namespace lighthouse
