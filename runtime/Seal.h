// SPDX-License-Identifier: Apache-2.0
//
// Seal: bytes behind a header that detects every change to them. What we write to disk has this form.
#pragma once

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>

namespace lighthouse {

/// Header, little-endian: magic (4 bytes), format version (u32), payload length (u64), BLAKE3 of the payload (32
/// bytes).
inline constexpr size_t kSealBytes = 4 + 4 + 8 + 32;

/// Names a kind of file. The version changes whenever the payload's layout does.
struct SealKind {
  const char *magic; ///< four characters
  uint32_t version;
  const char *what; ///< for messages, for example "compiled module"
};

/// Header and payload in one piece.
llvm::SmallVector<char, 0> seal(const SealKind &kind, llvm::StringRef payload);
/// The payload, a part of `bytes`, once magic, version, length and hash (in this order) have been checked.
llvm::Expected<llvm::StringRef> unseal(const SealKind &kind, llvm::StringRef bytes);

/// Appends a length (u64, little-endian) and the bytes.
void appendBlob(llvm::SmallVectorImpl<char> &out, llvm::StringRef blob);
/// Takes a blob from the front of `bytes`; false when `bytes` is too short for it.
bool takeBlob(llvm::StringRef &bytes, llvm::StringRef &blob);

} // namespace lighthouse
